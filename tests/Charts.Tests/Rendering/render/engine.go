package main

import (
	"encoding/json"
	"fmt"
	"path"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

const maxDepth = 1000

type manifest struct{ name, text string }

type engine struct {
	chart *chart
	root  *template.Template
	depth map[string]int
}

func newEngine(loaded *chart) *engine {
	return &engine{chart: loaded, root: template.New("charts").Option("missingkey=zero"), depth: map[string]int{}}
}

// scope is what "." is at the top of a template.
func scope(settings options, loaded *chart, values map[string]interface{}) map[string]interface{} {
	parts := append(strings.Split(strings.TrimPrefix(settings.kubeVersion, "v"), "."), "0", "0")
	return map[string]interface{}{
		"Values": values,
		"Chart":  loaded.metadata,
		"Files":  loaded.files,
		"Release": map[string]interface{}{
			"Name": settings.release, "Namespace": settings.namespace, "Service": "Helm", "Revision": 1, "IsInstall": true, "IsUpgrade": false,
		},
		"Capabilities": map[string]interface{}{
			"KubeVersion": map[string]interface{}{"Version": settings.kubeVersion, "GitVersion": settings.kubeVersion, "Major": parts[0], "Minor": parts[1]},
		},
	}
}

func (e *engine) render(top map[string]interface{}) ([]manifest, error) {
	names := make([]string, 0, len(e.chart.templates))
	for name := range e.chart.templates {
		names = append(names, name)
	}
	sort.Strings(names)
	e.root.Funcs(e.functions())
	for _, name := range names {
		if _, err := e.root.New(name).Parse(e.chart.templates[name]); err != nil {
			return nil, err
		}
	}
	var manifests []manifest
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") || strings.Contains(name, "/charts/") {
			continue
		}
		top["Template"] = map[string]interface{}{"Name": name, "BasePath": e.chart.metadata.Name + "/templates"}
		text, err := e.execute(name, top)
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(text) != "" {
			manifests = append(manifests, manifest{name, text})
		}
	}
	return manifests, nil
}

func (e *engine) execute(name string, scope interface{}) (string, error) {
	if e.depth[name] >= maxDepth {
		return "", fmt.Errorf("%s includes itself for ever", name)
	}
	e.depth[name]++
	defer func() { e.depth[name]-- }()
	var text strings.Builder
	err := e.root.ExecuteTemplate(&text, name, scope)
	return strings.ReplaceAll(text.String(), "<no value>", ""), err
}

func (e *engine) functions() template.FuncMap {
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["include"] = e.execute
	functions["tpl"] = e.tpl
	functions["required"] = func(complaint string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return value, fmt.Errorf("%s", complaint)
		}
		return value, nil
	}
	functions["lookup"] = func(...string) map[string]interface{} { return map[string]interface{}{} }
	functions["toYaml"] = toYaml
	functions["fromYaml"] = fromYaml
	functions["toJson"] = func(value interface{}) string {
		text, err := json.Marshal(value)
		if err != nil {
			return ""
		}
		return string(text)
	}
	functions["fromJson"] = fromYaml
	return functions
}

func (e *engine) tpl(text string, scope interface{}) (string, error) {
	copied, err := e.root.Clone()
	if err != nil {
		return "", err
	}
	if _, err = copied.New("tpl").Parse(text); err != nil {
		return "", err
	}
	var result strings.Builder
	err = copied.ExecuteTemplate(&result, "tpl", scope)
	return strings.ReplaceAll(result.String(), "<no value>", ""), err
}

func toYaml(value interface{}) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

// fromYaml tells of an error as Helm does: in a key of the map.
func fromYaml(text string) map[string]interface{} {
	read := map[string]interface{}{}
	if err := yaml.Unmarshal([]byte(text), &read); err != nil {
		read["Error"] = err.Error()
	}
	return read
}
