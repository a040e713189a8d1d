/* Parsing alone: one corpus again and again, in pieces of PIECE bytes (0: all at once).
 * own arguments: CORPUS PIECE
 */
#include "measure.h"
#include "corpus.h"

struct state {
    struct parser *parser;
    struct corpus corpus;
    size_t piece;
};

static bool work(void *data, long count)
{
    struct state *state = data;
    for (; count > 0; count--)
        if (parser_pass(state->parser, state->corpus.bytes, state->corpus.length, state->piece) != state->corpus.sizes)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct plan it = plan(argc, argv, 2);
    struct state state = {parser_open(it.mode), corpus(it.arguments[0]), (size_t)number(it.arguments[1])};
    keep_in_file(&state.corpus);
    if (!state.piece) state.piece = state.corpus.length;
    measure(&it, work, &state);
    parser_close(state.parser);
}
