#!/bin/bash
# gen.sh VERSION (for example 1.37.2): writes go.mod and go.sum, which pin the control plane that tests and the demo start. Run only to change a version; commit both files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

version=${1:?usage: gen.sh VERSION, for example gen.sh 1.37.2}
etcd=v3.7.3
helm=v4.3.1
export GOTOOLCHAIN=local GOFLAGS=

rm -f go.mod go.sum
go mod init controlplane
# The language version only: the local Go's patch version would shut out an older patch of the same release.
go mod edit -go=1.26.0 -require="k8s.io/kubernetes@v$version"
upstream=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')

# Kubernetes replaces its staging modules with folders that its published module doesn't hold.
awk '$2 == "=>" && $3 ~ /^\.\/staging/ {print $1}' "$upstream" | while read -r module; do
  go mod edit -replace "$module=$module@v0.${version#1.}"
done
# Runtime defaults of the release, as upstream builds it.
awk '/^godebug / {print $2}' "$upstream" | while read -r setting; do
  go mod edit -godebug="$setting"
done
# More than the default build takes, so that a level with a real node finds its components pinned by the same sums.
for component in kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl; do
  go mod edit -tool="k8s.io/kubernetes/cmd/$component"
done
go get -tool "go.etcd.io/etcd/server/v3@$etcd" "helm.sh/helm/v4/cmd/helm@$helm"
go mod tidy
