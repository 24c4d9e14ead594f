{{/* Labels of every object. Call with (dict "root" $ "component" NAME). */}}
{{- define "scst.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: scst-local
{{ include "scst.selectorLabels" . }}
{{- end }}

{{- define "scst.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "scst.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{/*
The names are fixed, because one cluster takes one installation: two controllers would undo each other's work.
Without this a second release fails with "invalid ownership metadata", which tells nobody why.
*/}}
{{- define "scst.assertSingle" -}}
{{- $other := lookup "rbac.authorization.k8s.io/v1" "ClusterRole" "" "scst-operator" -}}
{{- if $other -}}
{{- $owner := $other.metadata.annotations | default dict -}}
{{- $name := index $owner "meta.helm.sh/release-name" | default "" -}}
{{- $namespace := index $owner "meta.helm.sh/release-namespace" | default "" -}}
{{- if and $name (or (ne $name .Release.Name) (ne $namespace .Release.Namespace)) -}}
{{- fail (printf "SCST Local is installed in this cluster already, as release %s in namespace %s; a cluster takes one installation" $name $namespace) -}}
{{- end -}}
{{- end -}}
{{- end }}
