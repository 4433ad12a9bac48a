{{/* Notes that keys of a Secret are read. Takes into, name, keys, perhaps type. */}}
{{- define "customer-insights-lib.needSecret" -}}
{{- $known := get .into .name | default (dict "keys" list) -}}
{{- $_ := set .into .name (dict "type" (default "Opaque" .type) "keys" (concat $known.keys .keys | uniq | sortAlpha)) -}}
{{- end -}}

{{/* The Secrets that the components read, by name, with type and keys: what NOTES.txt lists. Takes root, components; renders YAML. */}}
{{- define "customer-insights-lib.secrets" -}}
{{- $values := .root.Values -}}
{{- $all := dict -}}
{{- $certificate := list "tls.crt" "tls.key" -}}
{{- $_ := include "customer-insights-lib.needSecret" (dict "into" $all "name" $values.events.existingSecret "keys" (list $values.events.key)) -}}
{{- range $id, $it := .components -}}
{{- $_ := include "customer-insights-lib.needSecret" (dict "into" $all "name" (default $values.database.existingSecret $it.database.existingSecret) "keys" (list (default $values.database.key $it.database.key))) -}}
{{- if eq $it.autoscaling.mode "keda" -}}
{{- $_ := include "customer-insights-lib.needSecret" (dict "into" $all "name" (default $values.events.existingSecret $values.keda.existingSecret) "keys" (list (default $values.events.key $values.keda.key))) -}}
{{- end -}}
{{- end -}}
{{- if hasKey .components "connections" -}}
{{- range $name := prepend $values.keyProtection.previousSecrets $values.keyProtection.existingSecret -}}
{{- $_ := include "customer-insights-lib.needSecret" (dict "into" $all "name" $name "keys" $certificate "type" "kubernetes.io/tls") -}}
{{- end -}}
{{- if $values.microsoftAdvertising.clientId -}}
{{- $_ := include "customer-insights-lib.needSecret" (dict "into" $all "name" $values.microsoftAdvertising.existingSecret "keys" (list "client-secret" "developer-token")) -}}
{{- end -}}
{{- end -}}
{{- with $values.tls.existingSecret -}}
{{- $_ := include "customer-insights-lib.needSecret" (dict "into" $all "name" . "keys" $certificate "type" "kubernetes.io/tls") -}}
{{- end -}}
{{- if include "customer-insights-lib.usesDapr" .root -}}
{{- range $name := compact (list $values.dapr.apiTokenSecret $values.dapr.appTokenSecret) -}}
{{- $_ := include "customer-insights-lib.needSecret" (dict "into" $all "name" $name "keys" (list "token")) -}}
{{- end -}}
{{- end -}}
{{- range $name := $values.global.imagePullSecrets -}}
{{- $_ := include "customer-insights-lib.needSecret" (dict "into" $all "name" $name "keys" (list ".dockerconfigjson") "type" "kubernetes.io/dockerconfigjson") -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}
