package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/threefoldtech/tfgrid-sdk-go/rmb-sdk-go/peer"
)

// call sends one request and prints its answer.
func call(ctx context.Context, me identity, session string, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("expected TWIN COMMAND JSON")
	}
	twin, err := strconv.ParseUint(args[0], 10, 32)
	if err != nil {
		return err
	}
	var to *string
	if session != "" {
		to = &session
	}
	client, err := peer.NewRpcClient(ctx, me.secret, me.manager(), me.options()...)
	if err != nil {
		return err
	}
	var answer json.RawMessage
	for {
		err = client.CallWithSession(ctx, uint32(twin), to, args[1], json.RawMessage(args[2]), &answer)
		// The SDK connects in the background, and gives a request few seconds to wait for it.
		if err == nil || !strings.Contains(err.Error(), "connection timeout") {
			break
		}
	}
	if err != nil {
		return err
	}
	fmt.Printf("answer %s\n", answer)
	return nil
}
