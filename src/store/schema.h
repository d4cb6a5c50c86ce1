/*
 * The schema steps that schema_make made from schema/NNN.sql for one engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

struct schema_step {
	int version;
	const char *sql;
};

extern const struct schema_step schema_sqlite[];
extern const unsigned schema_sqlite_count;

#endif
