// A program as it was written for rmb-peer in Go, years ago: lists of Redis and JSON, nothing else.
// Usage: go run . <redis url> <destination twin> <command> <payload>
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/gomodule/redigo/redis"
)

type request struct {
	Version    int      `json:"ver"`
	Reference  string   `json:"ref"`
	Command    string   `json:"cmd"`
	Expiration int64    `json:"exp"`
	Data       string   `json:"dat"`
	Tags       string   `json:"tag"`
	TwinDst    []uint32 `json:"dst"`
	RetQueue   string   `json:"ret"`
	Schema     string   `json:"shm"`
	Epoch      int64    `json:"now"`
}

type response struct {
	Version   int    `json:"ver"`
	Reference string `json:"ref"`
	Data      string `json:"dat"`
	Source    string `json:"src"`
	Schema    string `json:"shm"`
	Epoch     int64  `json:"now"`
	Err       *struct {
		Code    uint32 `json:"code"`
		Message string `json:"message"`
	} `json:"err"`
}

func call(url string, twin uint32, command string, payload string) (*response, error) {
	con, err := redis.DialURL(url)
	if err != nil {
		return nil, err
	}
	defer con.Close()
	msg := request{
		Version: 1, Reference: "go-ref", Command: command, Expiration: 60,
		Data:    base64.StdEncoding.EncodeToString([]byte(payload)),
		TwinDst: []uint32{twin}, RetQueue: "go.replies", Schema: "application/json", Epoch: time.Now().Unix(),
	}
	bytes, err := json.Marshal(msg)
	if err != nil {
		return nil, err
	}
	if _, err := con.Do("RPUSH", "msgbus.system.local", bytes); err != nil {
		return nil, err
	}
	data, err := redis.ByteSlices(con.Do("BLPOP", "go.replies", 30))
	if err != nil {
		return nil, err
	}
	var answer response
	if err := json.Unmarshal(data[1], &answer); err != nil {
		return nil, err
	}
	return &answer, nil
}

func main() {
	twin, err := strconv.ParseUint(os.Args[2], 10, 32)
	if err == nil {
		var answer *response
		answer, err = call(os.Args[1], uint32(twin), os.Args[3], os.Args[4])
		if err == nil && answer.Err != nil {
			err = fmt.Errorf("%d %s", answer.Err.Code, answer.Err.Message)
		}
		if err == nil {
			var data []byte
			data, err = base64.StdEncoding.DecodeString(answer.Data)
			fmt.Printf("%s from %s: %s\n", answer.Reference, answer.Source, data)
		}
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}
