// The currency applies when it is chosen. Without scripts its button does it.
document.documentElement.classList.add("scripted");
for (const form of document.querySelectorAll("form.currency")) {
  form.addEventListener("change", () => form.requestSubmit());
}
