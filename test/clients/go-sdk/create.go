package main

import (
	"fmt"

	substrate "github.com/threefoldtech/tfchain/clients/tfchain-client-go"
	"github.com/threefoldtech/tfgrid-sdk-go/rmb-sdk-go/peer"
)

// create makes a twin for an account that has funds: first without the terms, then with them, then once more.
func create(me identity) error {
	who, err := account(me)
	if err != nil {
		return err
	}
	chain, err := me.manager().Substrate()
	if err != nil {
		return err
	}
	defer chain.Close()
	if _, err := chain.CreateTwin(who, me.relay, nil); err != nil {
		fmt.Printf("refused %s\n", err)
	}
	if err := chain.AcceptTermsAndConditions(who, "link", "hash"); err != nil {
		return err
	}
	address, err := substrate.FromAddress(who.Address())
	if err != nil {
		return err
	}
	terms, err := chain.SignedTermsAndConditions(address)
	if err != nil {
		return err
	}
	fmt.Printf("accepted %d %s %s\n", len(terms), terms[0].DocumentLink, terms[0].DocumentHash)
	id, err := chain.CreateTwin(who, me.relay, nil)
	if err != nil {
		return err
	}
	twin, err := chain.GetTwin(id)
	if err != nil {
		return err
	}
	fmt.Printf("twin %d %s\n", twin.ID, twin.Relay.AsValue)
	if _, err := chain.CreateTwin(who, me.relay, nil); err != nil {
		fmt.Printf("refused %s\n", err)
	}
	return nil
}

func account(me identity) (substrate.Identity, error) {
	if me.key == peer.KeyTypeEd25519 {
		return substrate.NewIdentityFromEd25519Phrase(me.secret)
	}
	return substrate.NewIdentityFromSr25519Phrase(me.secret)
}
