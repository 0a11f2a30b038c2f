"""Learn Kubernetes network policy on the Hipster Shop: the code behind the notebooks."""
