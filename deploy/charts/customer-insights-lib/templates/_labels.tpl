{{/* What finds the pods of a component; never changes, since selectors cannot. Takes root, id. */}}
{{- define "customer-insights-lib.selector" -}}
app.kubernetes.io/name: customer-insights
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .id | quote }}
{{- end -}}

{{/* Takes root, id. */}}
{{- define "customer-insights-lib.labels" -}}
{{ include "customer-insights-lib.selector" . }}
app.kubernetes.io/part-of: customer-insights
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{/* The order for Argo CD: what others need goes first. Takes root. Empty for everybody else. */}}
{{- define "customer-insights-lib.first" -}}
{{- if eq .root.Values.migrations.hook "argocd" -}}
argocd.argoproj.io/sync-wave: "-2"
{{- end -}}
{{- end -}}
