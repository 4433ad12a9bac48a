{{/* Seconds as .NET writes a time. */}}
{{- define "customer-insights-lib.time" -}}
{{- $seconds := int . -}}
{{- printf "%02d:%02d:%02d" (div $seconds 3600) (mod (div $seconds 60) 60) (mod $seconds 60) -}}
{{- end -}}

{{/* Where a peer is called: through the sidecar, or one address for each of its replicas. Takes root, id. */}}
{{- define "customer-insights-lib.peer" -}}
{{- if include "customer-insights-lib.callsThroughSidecar" .root -}}
dapr:///{{ .id }}
{{- else if .root.Values.tls.existingSecret -}}
https://{{ include "customer-insights-lib.name" . }}:{{ include "customer-insights-lib.grpcPort" . }}
{{- else -}}
dns:///{{ include "customer-insights-lib.name" . }}:{{ include "customer-insights-lib.grpcPort" . }}
{{- end -}}
{{- end -}}

{{/* An environment variable whose value is in a Secret. Takes name, secret, key. */}}
{{- define "customer-insights-lib.fromSecret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end -}}

{{/* The configuration of a process. Takes root, id, it, components. */}}
{{- define "customer-insights-lib.environment" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
- name: DOTNET_EnableDiagnostics
  value: "0"
- name: Listen__Grpc
  value: "*:{{ include "customer-insights-lib.grpcPort" . }}"
- name: Listen__Http
  value: "*:{{ include "customer-insights-lib.httpPort" . }}"
- name: Process__ShutdownTimeout
  value: {{ include "customer-insights-lib.time" .it.shutdownTimeoutSeconds | quote }}
- name: Storage__Engine
  value: PostgreSql
{{ include "customer-insights-lib.fromSecret" (dict "name" "Storage__ConnectionString" "secret" (default $values.database.existingSecret .it.database.existingSecret) "key" (default $values.database.key .it.database.key)) }}
{{ include "customer-insights-lib.eventEnvironment" . }}
{{ include "customer-insights-lib.identityEnvironment" . }}
{{- range $peer := .it.topology.calls | keys | sortAlpha }}
- name: Services__{{ $peer }}
  value: {{ include "customer-insights-lib.peer" (dict "root" $root "id" $peer) | quote }}
{{- end }}
{{- if $values.tls.existingSecret }}
- name: Listen__Certificate__Path
  value: /etc/customer-insights/tls/tls.crt
- name: Listen__Certificate__KeyPath
  value: /etc/customer-insights/tls/tls.key
{{- end }}
{{- if $values.telemetry.otlpEndpoint }}
- name: Telemetry__OtlpEndpoint
  value: {{ $values.telemetry.otlpEndpoint | quote }}
{{- end }}
{{- if eq .id "connections" }}
{{ include "customer-insights-lib.connectionsEnvironment" . }}
{{- end }}
{{- range $key, $value := .it.settings }}
- name: {{ $key | replace ":" "__" }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "customer-insights-lib.eventEnvironment" -}}
{{- $values := .root.Values -}}
{{- if include "customer-insights-lib.usesDapr" .root -}}
- name: Events__Transport
  value: Dapr
- name: Events__Dapr__PubSub
  value: {{ $values.dapr.pubsub.name | quote }}
- name: Events__Dapr__Subscriptions
  value: {{ $values.dapr.subscriptions }}
{{- with $values.dapr.apiTokenSecret }}
{{ include "customer-insights-lib.fromSecret" (dict "name" "DAPR_API_TOKEN" "secret" . "key" "token") }}
{{- end }}
{{- with $values.dapr.appTokenSecret }}
{{ include "customer-insights-lib.fromSecret" (dict "name" "APP_API_TOKEN" "secret" . "key" "token") }}
{{- end }}
{{- else -}}
- name: Events__Transport
  value: RabbitMq
{{ include "customer-insights-lib.fromSecret" (dict "name" "Events__RabbitMq__Uri" "secret" $values.events.existingSecret "key" $values.events.key) }}
{{- end -}}
{{- end -}}

{{/*
Whose tokens are believed, and which service account stands for which process. OpenSSL finds public authorities in a file or in a
folder; ours takes the place of the file, so the folder is named for images that do not link to it. Takes root, components.
*/}}
{{- define "customer-insights-lib.identityEnvironment" -}}
{{- $root := .root -}}
{{- $people := .root.Values.authentication -}}
{{- $services := .root.Values.serviceIdentity -}}
{{- if and (not $services.caConfigMap) (hasPrefix "https://kubernetes.default" $services.authority) -}}
{{- fail "serviceIdentity.caConfigMap is empty, and serviceIdentity.authority is the API server, whose certificate no public authority signs: set the authority to the issuer that the cluster publishes, or caConfigMap to kube-root-ca.crt." -}}
{{- end -}}
- name: Authentication__Authority
  value: {{ required "authentication.authority is needed: the https address of the OpenID Connect issuer of people and programs" $people.authority | quote }}
- name: Authentication__Audience
  value: {{ required "authentication.audience is needed: the audience that tokens of people and programs carry" $people.audience | quote }}
- name: Authentication__GroupsClaim
  value: {{ $people.groupsClaim | quote }}
- name: Authentication__RolesClaim
  value: {{ $people.rolesClaim | quote }}
- name: Authentication__ServiceIdentity__Authority
  value: {{ $services.authority | quote }}
- name: Authentication__ServiceIdentity__Audience
  value: {{ $services.audience | quote }}
- name: Authentication__ServiceIdentity__TokenFile
  value: /var/run/secrets/customer-insights/token
{{- range $id, $it := .components }}
- name: Authentication__ServiceIdentity__Subjects__{{ $id }}
  value: "system:serviceaccount:{{ $root.Release.Namespace }}:{{ include "customer-insights-lib.serviceAccountName" (dict "root" $root "id" $id "it" $it) }}"
{{- end }}
{{- if $services.caConfigMap }}
- name: SSL_CERT_FILE
  value: /etc/customer-insights/issuer/ca.crt
- name: SSL_CERT_DIR
  value: /etc/ssl/certs
{{- end }}
{{- end -}}

{{- define "customer-insights-lib.connectionsEnvironment" -}}
{{- $protection := .root.Values.keyProtection -}}
{{- $advertising := .root.Values.microsoftAdvertising -}}
- name: Connections__KeyProtection__CertificatePath
  value: /etc/customer-insights/key-protection/tls.crt
- name: Connections__KeyProtection__KeyPath
  value: /etc/customer-insights/key-protection/tls.key
{{- range $index, $secret := $protection.previousSecrets }}
- name: Connections__KeyProtection__Previous__{{ $index }}__CertificatePath
  value: /etc/customer-insights/key-protection-{{ $index }}/tls.crt
- name: Connections__KeyProtection__Previous__{{ $index }}__KeyPath
  value: /etc/customer-insights/key-protection-{{ $index }}/tls.key
{{- end }}
{{- if .root.Values.publicAddress }}
- name: Connections__PublicAddress
  value: {{ .root.Values.publicAddress | quote }}
{{- end }}
{{- if $advertising.clientId }}
- name: Connections__MicrosoftAdvertising__ClientId
  value: {{ $advertising.clientId | quote }}
- name: Connections__MicrosoftAdvertising__ClientSecretFile
  value: /etc/customer-insights/microsoft-advertising/client-secret
- name: Connections__MicrosoftAdvertising__DeveloperTokenFile
  value: /etc/customer-insights/microsoft-advertising/developer-token
{{- end }}
{{- end -}}
