// Renders a Helm chart as "helm template" does, with Go's own template engine and sprig, for machines without helm.
//
//	render template RELEASE CHART [--namespace N] [--values FILE]... [--kube-version V]
//	render notes ...    renders NOTES.txt, which Helm shows after an installation
//
// Left out, because our charts have no use for it: conditions of dependencies, resources of sub-charts, CRDs, toToml.
package main

import (
	"fmt"
	"os"
	"path"
)

type options struct {
	release, chart, namespace, kubeVersion string
	values                                 []string
	notes                                  bool
}

func main() {
	settings, err := parse(os.Args[1:])
	if err == nil {
		err = run(settings)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error: "+err.Error())
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	settings := options{namespace: "default", kubeVersion: "v1.34.0"}
	if len(args) < 3 || args[0] != "template" && args[0] != "notes" {
		return settings, fmt.Errorf("usage: render template|notes RELEASE CHART [--namespace N] [--values FILE]... [--kube-version V]")
	}
	settings.notes, settings.release, settings.chart = args[0] == "notes", args[1], args[2]
	for rest := args[3:]; len(rest) > 0; rest = rest[2:] {
		if len(rest) == 1 {
			return settings, fmt.Errorf("%s needs a value", rest[0])
		}
		switch rest[0] {
		case "--namespace":
			settings.namespace = rest[1]
		case "--values":
			settings.values = append(settings.values, rest[1])
		case "--kube-version":
			settings.kubeVersion = rest[1]
		default:
			return settings, fmt.Errorf("unknown argument %s", rest[0])
		}
	}
	return settings, nil
}

func run(settings options) error {
	loaded, err := loadChart(settings.chart)
	if err != nil {
		return err
	}
	values := loaded.values
	for _, file := range settings.values {
		over, err := readMap(file)
		if err != nil {
			return err
		}
		values = merge(values, over)
	}
	manifests, err := newEngine(loaded).render(scope(settings, loaded, values))
	if err != nil {
		return err
	}
	for _, manifest := range manifests {
		if isNotes := path.Base(manifest.name) == "NOTES.txt"; isNotes != settings.notes {
			continue
		}
		fmt.Printf("---\n# Source: %s\n%s\n", manifest.name, manifest.text)
	}
	return nil
}
