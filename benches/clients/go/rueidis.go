package main

import (
	"context"

	"github.com/redis/rueidis"
)

type rueidisPeer struct{ it rueidis.Client }

func openRueidis(address string) peer {
	url := "redis://" + address
	if address[0] == '/' {
		url = "unix://" + address
	}
	options, err := rueidis.ParseURL(url)
	if err != nil {
		fail(err.Error())
	}
	options.DisableCache = true
	opened, err := rueidis.NewClient(options)
	if err != nil {
		fail(err.Error())
	}
	return rueidisPeer{opened}
}

func (p rueidisPeer) built(asked command) rueidis.Completed {
	if asked.gets {
		return p.it.B().Get().Key(asked.key).Build()
	}
	return p.it.B().Set().Key(asked.key).Value(asked.value).Build()
}

func rueidisRight(asked command, result rueidis.RedisResult) bool {
	text, err := result.ToString()
	if asked.gets {
		return err == nil && len(text) == asked.size
	}
	return err == nil && text == "OK"
}

func (p rueidisPeer) call(asked command) bool {
	return rueidisRight(asked, p.it.Do(context.Background(), p.built(asked)))
}

func (p rueidisPeer) pipeline(asked command, depth int) bool {
	commands := make(rueidis.Commands, depth)
	for i := range commands {
		commands[i] = p.built(asked)
	}
	for _, result := range p.it.DoMulti(context.Background(), commands...) {
		if !rueidisRight(asked, result) {
			return false
		}
	}
	return true
}
