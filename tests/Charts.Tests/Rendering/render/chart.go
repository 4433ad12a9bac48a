package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

type metadata struct {
	APIVersion, Name, Version, AppVersion, KubeVersion, Description, Type string
	Dependencies                                                          []struct{ Name, Version, Repository string }
}

// chart is a chart with the templates of those that it depends on.
type chart struct {
	metadata  metadata
	values    map[string]interface{}
	templates map[string]string // "<chart>/templates/x.yaml"
	files     files
}

// files are those of a chart which are not templates: what ".Files" shows.
type files map[string]string

func (f files) Get(name string) string { return f[name] }

func loadChart(folder string) (*chart, error) {
	loaded := &chart{templates: map[string]string{}, files: files{}}
	text, err := os.ReadFile(filepath.Join(folder, "Chart.yaml"))
	if err != nil {
		return nil, err
	}
	if err = yaml.Unmarshal(text, &loaded.metadata); err != nil {
		return nil, fmt.Errorf("Chart.yaml: %w", err)
	}
	if loaded.values, err = readMap(filepath.Join(folder, "values.yaml")); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	if err = loaded.read(folder); err != nil {
		return nil, err
	}
	return loaded, loaded.addDependencies(folder)
}

func (c *chart) read(folder string) error {
	return filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, folder+string(filepath.Separator)))
		switch {
		case strings.HasPrefix(name, "templates/"):
			c.templates[c.metadata.Name+"/"+name] = string(text)
		case !strings.HasPrefix(name, "charts/") && !strings.HasPrefix(name, "ci/"):
			c.files[name] = string(text)
		}
		return nil
	})
}

// Dependencies lie beside the chart. Their templates define, and render nothing.
func (c *chart) addDependencies(folder string) error {
	for _, dependency := range c.metadata.Dependencies {
		if !strings.HasPrefix(dependency.Repository, "file://") {
			return fmt.Errorf("dependency %s: only repositories that begin with file:// are known here", dependency.Name)
		}
		below, err := loadChart(filepath.Join(folder, strings.TrimPrefix(dependency.Repository, "file://")))
		if err != nil {
			return err
		}
		if below.metadata.Version != dependency.Version {
			return fmt.Errorf("dependency %s: version %s is wanted, and %s is there", dependency.Name, dependency.Version, below.metadata.Version)
		}
		if below.metadata.Type != "library" {
			return fmt.Errorf("dependency %s: only library charts are known here", dependency.Name)
		}
		for name, text := range below.templates {
			c.templates[c.metadata.Name+"/charts/"+name] = text
		}
	}
	return nil
}

func readMap(file string) (map[string]interface{}, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return map[string]interface{}{}, err
	}
	read := map[string]interface{}{}
	if err = yaml.UnmarshalStrict(text, &read); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return read, nil
}

// merge lays one map over another; null takes a key away.
func merge(under, over map[string]interface{}) map[string]interface{} {
	merged := map[string]interface{}{}
	for key, value := range under {
		merged[key] = value
	}
	for key, value := range over {
		above, isMap := value.(map[string]interface{})
		below, wasMap := merged[key].(map[string]interface{})
		switch {
		case value == nil:
			delete(merged, key)
		case isMap && wasMap:
			merged[key] = merge(below, above)
		default:
			merged[key] = value
		}
	}
	return merged
}
