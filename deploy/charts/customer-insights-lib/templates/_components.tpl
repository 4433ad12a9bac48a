{{/*
The components that are switched on, by app id: the entry of the values over the defaults, and under "topology" what the code
says about the process. A worker named x has the app id worker-x. Takes the umbrella's context, renders YAML.
*/}}
{{- define "customer-insights-lib.components" -}}
{{- $root := . -}}
{{- $topology := .Files.Get "files/topology.yaml" | fromYaml -}}
{{- $entries := dict -}}
{{- range $name, $entry := .Values.services }}{{ $_ := set $entries $name $entry }}{{ end -}}
{{- range $name, $entry := .Values.workers }}{{ $_ := set $entries (printf "worker-%s" $name) $entry }}{{ end -}}
{{- $components := dict -}}
{{- range $id, $entry := $entries -}}
{{- if not (hasKey $topology $id) }}{{ fail (printf "There is no process with the app id %s; see files/topology.yaml." $id) }}{{ end -}}
{{- $merged := mergeOverwrite (deepCopy $root.Values.defaults) (deepCopy $entry) -}}
{{- if $merged.enabled -}}
{{- $_ := set $merged "topology" (get $topology $id) -}}
{{- $_ := set $components $id $merged -}}
{{- end -}}
{{- end -}}
{{- toYaml $components -}}
{{- end -}}

{{/* The ports of every process, which only other pods see. */}}
{{- define "customer-insights-lib.grpcPort" -}}5100{{- end -}}
{{- define "customer-insights-lib.httpPort" -}}5200{{- end -}}

{{/* The user of .NET's images. */}}
{{- define "customer-insights-lib.user" -}}1654{{- end -}}

{{- define "customer-insights-lib.usesDapr" -}}
{{- if eq .Values.events.transport "dapr" }}true{{ end -}}
{{- end -}}

{{- define "customer-insights-lib.callsThroughSidecar" -}}
{{- if and (eq .Values.events.transport "dapr") .Values.dapr.invocation }}true{{ end -}}
{{- end -}}
