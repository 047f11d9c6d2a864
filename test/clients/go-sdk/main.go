// Calls and serves commands over RMB with ThreeFold's Go SDK, unchanged, for the tests that it works with this bus.
//
//	rmb-go call   -chain URL -relay URL -secret SEED [-key ed25519] [-session NAME] [-to NAME] TWIN COMMAND JSON
//	rmb-go serve  -chain URL -relay URL -secret SEED [-key ed25519] [-session NAME]
//	rmb-go create -chain URL -relay URL -secret SEED [-key ed25519]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	substrate "github.com/threefoldtech/tfchain/clients/tfchain-client-go"
	"github.com/threefoldtech/tfgrid-sdk-go/rmb-sdk-go/peer"
)

// patience is how long a command may take, the chain's part included.
const patience = 40 * time.Second

// identity is who speaks, and by which chain and relay.
type identity struct {
	chain, relay, secret, key, session string
}

func (i identity) manager() substrate.Manager {
	return substrate.NewManager(i.chain)
}

func (i identity) options() []peer.PeerOpt {
	return []peer.PeerOpt{peer.WithRelay(i.relay), peer.WithKeyType(i.key), peer.WithSession(i.session)}
}

func run(command string, args []string) error {
	var me identity
	var session string
	flags := flag.NewFlagSet(command, flag.ExitOnError)
	flags.StringVar(&me.chain, "chain", "", "WebSocket URL of the chain")
	flags.StringVar(&me.relay, "relay", "", "WebSocket URL of the relay")
	flags.StringVar(&me.secret, "secret", "", "words, or a seed in hex")
	flags.StringVar(&me.key, "key", peer.KeyTypeSr25519, "sr25519 or ed25519")
	flags.StringVar(&me.session, "session", "", "name of our session")
	flags.StringVar(&session, "to", "", "name of the session that is called")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx := context.Background()
	switch command {
	case "call":
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return call(ctx, me, session, flags.Args())
	case "serve":
		return serve(ctx, me)
	case "create":
		return create(me)
	default:
		return fmt.Errorf("no command %q", command)
	}
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "call, serve or create?")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Printf("error %s\n", err)
		os.Exit(1)
	}
}
