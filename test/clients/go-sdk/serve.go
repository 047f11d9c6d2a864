package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/threefoldtech/tfgrid-sdk-go/rmb-sdk-go/peer"
)

// serve answers go.add, go.caller and go.fail until it is killed.
func serve(ctx context.Context, me identity) error {
	router := peer.NewRouter()
	commands := router.SubRoute("go")
	commands.WithHandler("add", add)
	commands.WithHandler("caller", caller)
	commands.WithHandler("fail", fail)
	if _, err := peer.NewPeer(ctx, me.secret, me.manager(), router.Serve, me.options()...); err != nil {
		return err
	}
	fmt.Println("serving")
	select {}
}

func add(_ context.Context, payload []byte) (interface{}, error) {
	var numbers []int
	if err := json.Unmarshal(payload, &numbers); err != nil {
		return nil, fmt.Errorf("not a list of numbers: %w", err)
	}
	sum := 0
	for _, number := range numbers {
		sum += number
	}
	return map[string]int{"sum": sum}, nil
}

func caller(ctx context.Context, _ []byte) (interface{}, error) {
	return peer.GetTwinID(ctx), nil
}

func fail(context.Context, []byte) (interface{}, error) {
	return nil, errors.New("failed on purpose")
}
