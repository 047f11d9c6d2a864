module rmb-edge/test/clients/go

go 1.20

require github.com/gomodule/redigo v1.9.2
