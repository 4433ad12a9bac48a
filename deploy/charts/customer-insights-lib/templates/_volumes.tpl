{{/* Secrets come as files where the process reads them again; the root file system is read-only. Takes root, id, it. */}}
{{- define "customer-insights-lib.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
- name: identity
  mountPath: /var/run/secrets/customer-insights
  readOnly: true
{{- if .root.Values.serviceIdentity.caConfigMap }}
- name: issuer
  mountPath: /etc/customer-insights/issuer
  readOnly: true
{{- end }}
{{- if .root.Values.tls.existingSecret }}
- name: tls
  mountPath: /etc/customer-insights/tls
  readOnly: true
{{- end }}
{{- if eq .id "connections" }}
- name: key-protection
  mountPath: /etc/customer-insights/key-protection
  readOnly: true
{{- range $index, $secret := .root.Values.keyProtection.previousSecrets }}
- name: key-protection-{{ $index }}
  mountPath: /etc/customer-insights/key-protection-{{ $index }}
  readOnly: true
{{- end }}
{{- if .root.Values.microsoftAdvertising.clientId }}
- name: microsoft-advertising
  mountPath: /etc/customer-insights/microsoft-advertising
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}

{{/* Takes root, id, it. */}}
{{- define "customer-insights-lib.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ .it.temporaryStorage | quote }}
- name: identity
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken:
          path: token
          audience: {{ .root.Values.serviceIdentity.audience | quote }}
          expirationSeconds: {{ .root.Values.serviceIdentity.expirationSeconds | int }}
{{- if .root.Values.serviceIdentity.caConfigMap }}
- name: issuer
  configMap:
    name: {{ .root.Values.serviceIdentity.caConfigMap }}
    items:
      - key: {{ .root.Values.serviceIdentity.caKey }}
        path: ca.crt
{{- end }}
{{- with .root.Values.tls.existingSecret }}
{{ include "customer-insights-lib.secretVolume" (dict "name" "tls" "secret" .) }}
{{- end }}
{{- if eq .id "connections" }}
{{ include "customer-insights-lib.secretVolume" (dict "name" "key-protection" "secret" .root.Values.keyProtection.existingSecret) }}
{{- range $index, $secret := .root.Values.keyProtection.previousSecrets }}
{{ include "customer-insights-lib.secretVolume" (dict "name" (printf "key-protection-%d" $index) "secret" $secret) }}
{{- end }}
{{- if .root.Values.microsoftAdvertising.clientId }}
{{ include "customer-insights-lib.secretVolume" (dict "name" "microsoft-advertising" "secret" .root.Values.microsoftAdvertising.existingSecret) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "customer-insights-lib.secretVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
{{- end -}}
