// Kubernetes' own end-to-end specs, run against any cluster: a smaller e2e.test, without what needs a cloud.
//
//	go run . --kubeconfig=… --ginkgo.focus=… --ginkgo.json-report=…
//
// All flags of Kubernetes' own test binary work. `make conformance` runs it spec by spec.
package main

import (
	"context"
	"flag"
	"os"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"k8s.io/component-base/logs"
	commontest "k8s.io/kubernetes/test/e2e/common"
	"k8s.io/kubernetes/test/e2e/framework"
	"k8s.io/kubernetes/test/e2e/framework/config"
	e2enode "k8s.io/kubernetes/test/e2e/framework/node"
	"k8s.io/kubernetes/test/e2e/framework/testfiles"
	e2etestingmanifests "k8s.io/kubernetes/test/e2e/testing-manifests"

	// The specs.
	_ "k8s.io/kubernetes/test/e2e/apps"
	_ "k8s.io/kubernetes/test/e2e/kubectl"
	_ "k8s.io/kubernetes/test/e2e/network"
	_ "k8s.io/kubernetes/test/e2e/network/netpol"

	// What the framework asks of whoever uses it.
	_ "k8s.io/kubernetes/test/e2e/framework/debug/init"
	_ "k8s.io/kubernetes/test/e2e/framework/metrics/init"
	_ "k8s.io/kubernetes/test/e2e/framework/node/init"
)

// outcome is what Ginkgo tells of the suite as a whole.
type outcome struct{ failed bool }

func (o *outcome) Fail() { o.failed = true }

var _ = ginkgo.BeforeSuite(func(ctx context.Context) {
	commontest.CurrentSuite = commontest.E2E
	client, err := framework.LoadClientset()
	framework.ExpectNoError(err, "the cluster can't be reached")
	nodes, err := e2enode.GetReadySchedulableNodes(ctx, client)
	framework.ExpectNoError(err, "the cluster has no node that is Ready")
	framework.TestContext.CloudConfig.NumNodes = len(nodes.Items)
	framework.TestContext.IPFamily = "ipv4"
})

func main() {
	config.CopyFlags(config.Flags, flag.CommandLine)
	framework.RegisterCommonFlags(flag.CommandLine)
	framework.RegisterClusterFlags(flag.CommandLine)
	flag.Parse()
	testfiles.AddFileSource(e2etestingmanifests.GetE2ETestingManifestsFS())
	framework.AfterReadingAllFlags(&framework.TestContext)
	logs.InitLogs()
	defer logs.FlushLogs()
	gomega.RegisterFailHandler(framework.Fail)
	suite, reporter := framework.CreateGinkgoConfig()
	suite.RandomizeAllSpecs = false
	var all outcome
	if !ginkgo.RunSpecs(&all, "Kubernetes' end-to-end specs", suite, reporter) || all.failed {
		os.Exit(1)
	}
}
