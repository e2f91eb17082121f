{{/*
What the names of all objects begin with: the release's name, with the chart's added
unless it is in there. 36 characters leave room for the longest suffix of a Service, whose
name has 63 at most.
*/}}
{{- define "meshingress.fullname" -}}
{{- $name := .Release.Name -}}
{{- if not (contains .Chart.Name $name) -}}
{{- $name = printf "%s-%s" $name .Chart.Name -}}
{{- end -}}
{{- .Values.fullnameOverride | default $name | trunc 36 | trimSuffix "-" -}}
{{- end }}

{{- define "meshingress.managerName" -}}
{{ include "meshingress.fullname" . }}-controller-manager
{{- end }}

{{- define "meshingress.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "meshingress.managerName" .) -}}
{{- else -}}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/*
The labels of every object.
*/}}
{{- define "meshingress.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: meshingress
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/*
The labels by which the manager's pods are found. They are those of config/manager, so
that an installation by kubectl can be taken over: a Deployment's selector cannot change.
*/}}
{{- define "meshingress.selectorLabels" -}}
app.kubernetes.io/name: meshingress
app.kubernetes.io/component: controller-manager
{{- end }}

{{/*
The image, as install.yaml and the OLM bundle name it too: another name of the same image
would be rolled out where an installation is taken over.
*/}}
{{- define "meshingress.image" -}}
{{- with .Values.image -}}
{{ .repository }}:{{ .tag | default (printf "v%s" $.Chart.AppVersion) }}
{{- with .digest -}}
@{{ . }}
{{- end -}}
{{- end -}}
{{- end }}

{{/*
The objects in a file of YAML documents, as a YAML list.
*/}}
{{- define "meshingress.documents" -}}
{{- range regexSplit "(?m)^---\\s*$" . -1 -}}
{{- with fromYaml . -}}
{{- list . | toYaml -}}
{{- "\n" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/*
The subject of every binding.
*/}}
{{- define "meshingress.subjects" -}}
- kind: ServiceAccount
  name: {{ include "meshingress.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
