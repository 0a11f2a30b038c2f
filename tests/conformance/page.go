package main

import (
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
)

// Tags such as [sig-network] say where a spec lives; the page's headings say that already.
var tag = regexp.MustCompile(`\s*\[(sig-[a-z-]+|Conformance|NodeConformance|LinuxOnly)\]`)

// writePage lists each spec that ran, by subject: passed or not, and how many seconds it took.
func writePage(path string, report ginkgo.Report) error {
	bySubject := map[string][]types.SpecReport{}
	for _, spec := range report.SpecReports {
		if spec.LeafNodeType == types.NodeTypeIt && spec.State != types.SpecStateSkipped && spec.State != types.SpecStatePending {
			name := subject(spec)
			bySubject[name] = append(bySubject[name], spec)
		}
	}
	var names []string
	for name := range bySubject {
		names = append(names, name)
	}
	sort.Strings(names)
	var text strings.Builder
	for _, name := range names {
		writeSubject(&text, name, bySubject[name])
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
}

func subject(spec types.SpecReport) string {
	return strings.TrimSpace(tag.ReplaceAllString(spec.ContainerHierarchyTexts[0], ""))
}

func writeSubject(text *strings.Builder, name string, specs []types.SpecReport) {
	sort.Slice(specs, func(i, j int) bool { return specs[i].FullText() < specs[j].FullText() })
	passed, seconds := 0, 0.0
	for _, spec := range specs {
		seconds += spec.RunTime.Seconds()
		if spec.State == types.SpecStatePassed {
			passed++
		}
	}
	fmt.Fprintf(text, "\n## %s: %d of %d, %.0f seconds\n\n| | seconds | |\n| --- | --- | --- |\n", name, passed, len(specs), seconds)
	for _, spec := range specs {
		fmt.Fprintf(text, "| %s | %.1f | %s |\n", title(spec), spec.RunTime.Seconds(), spec.State)
	}
}

func title(spec types.SpecReport) string {
	words := append(append([]string{}, spec.ContainerHierarchyTexts[1:]...), spec.LeafNodeText)
	return strings.TrimSpace(tag.ReplaceAllString(strings.ReplaceAll(strings.Join(words, " "), "|", `\|`), ""))
}
