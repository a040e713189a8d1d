package main

import (
	"context"

	"github.com/redis/go-redis/v9"
)

type goRedisPeer struct{ it *redis.Client }

func openGoRedis(address string, connections int) peer {
	options := &redis.Options{Network: "tcp", Addr: address, PoolSize: connections}
	if address[0] == '/' {
		options.Network = "unix"
	}
	return goRedisPeer{redis.NewClient(options)}
}

func (p goRedisPeer) call(asked command) bool {
	if asked.gets {
		text, err := p.it.Get(context.Background(), asked.key).Bytes()
		return err == nil && len(text) == asked.size
	}
	text, err := p.it.Set(context.Background(), asked.key, asked.value, 0).Result()
	return err == nil && text == "OK"
}

func (p goRedisPeer) pipeline(asked command, depth int) bool {
	all := p.it.Pipeline()
	for i := 0; i < depth; i++ {
		if asked.gets {
			all.Get(context.Background(), asked.key)
		} else {
			all.Set(context.Background(), asked.key, asked.value, 0)
		}
	}
	done, err := all.Exec(context.Background())
	if err != nil || len(done) != depth {
		return false
	}
	for _, it := range done {
		if !goRedisRight(asked, it) {
			return false
		}
	}
	return true
}

func goRedisRight(asked command, done redis.Cmder) bool {
	switch it := done.(type) {
	case *redis.StringCmd:
		return asked.gets && len(it.Val()) == asked.size
	case *redis.StatusCmd:
		return !asked.gets && it.Val() == "OK"
	}
	return false
}
