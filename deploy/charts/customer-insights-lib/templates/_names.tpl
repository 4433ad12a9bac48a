{{/* The name of the release. Short, so that "<name>-<longest app id>-migrate" stays a DNS label. */}}
{{- define "customer-insights-lib.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 26 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 26 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 26 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The name of a component's resources. Takes root, id. */}}
{{- define "customer-insights-lib.name" -}}
{{- printf "%s-%s" (include "customer-insights-lib.fullname" .root) .id -}}
{{- end -}}

{{/* The service account of a component. Takes root, id, it. */}}
{{- define "customer-insights-lib.serviceAccountName" -}}
{{- if .root.Values.serviceAccount.create -}}
{{- include "customer-insights-lib.name" . -}}
{{- else -}}
{{- required (printf "%s: serviceAccount.name is needed when serviceAccount.create is false" .id) .it.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The image of a component. Takes root, id, it. */}}
{{- define "customer-insights-lib.image" -}}
{{- $registry := .root.Values.global.imageRegistry -}}
{{- $repository := .it.image.repository -}}
{{- if $registry }}{{ $repository = printf "%s/%s" (trimSuffix "/" $registry) $repository }}{{ end -}}
{{- if .it.image.digest -}}
{{- printf "%s@%s" $repository .it.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .root.Chart.AppVersion (default .root.Values.image.tag .it.image.tag)) -}}
{{- end -}}
{{- end -}}
