#include "cmd/cmd.h"
enum err cmd_demo(struct ctx *c, const struct command *self, const struct args *a)
{
	(void)self;
	(void)a;
	FAIL(c, ERR_USAGE, "no demo");
}
