/* common/json.c: what is taken for a JSON object, and what is not. */
#include "json.h"

#include <stdbool.h>
#include <stdlib.h>

#include "tap.h"

#define J(s)	(s), sizeof(s) - 1

static const struct {
	const char	*text;
	size_t		 len;
	const char	*why;		/* NULL: good */
} texts[] = {
	{ J("{}"), NULL },
	{ J(" \t\r\n{ } \n"), NULL },
	{ J("{\"a\":1,\"b\":[1,2],\"c\":{\"a\":null}}"), NULL },
	{ J("{\"\":\"\"}"), NULL },
	{ J("{\"a\":\"{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[\"}"), NULL },
	{ J("{\"a\":\"\\\"{[\\\\\"}"), NULL },
	{ J("{\"a\":\"\\u00e9\xc3\xa9\\ud83d\\ude00\"}"), NULL },
	{ J("{\"a\":9223372036854775807}"), NULL },
	{ J("{\"a\":1.5e3}"), NULL },
	{ J(""), "invalid JSON" },
	{ J(" "), "invalid JSON" },
	{ J("{"), "invalid JSON" },
	{ J("}"), "invalid JSON" },
	{ J("{}}"), "invalid JSON" },
	{ J("{}{}"), "invalid JSON" },
	{ J("{} x"), "invalid JSON" },
	{ J("{}\0"), "invalid JSON" },
	{ J("\0{}"), "invalid JSON" },
	{ J("{\"a\":1,}"), "invalid JSON" },
	{ J("{\"a\" 1}"), "invalid JSON" },
	{ J("{\"a\"}"), "invalid JSON" },
	{ J("{a:1}"), "invalid JSON" },
	{ J("{'a':1}"), "invalid JSON" },
	{ J("{\"a\":1 /* */}"), "invalid JSON" },
	{ J("{\"a\":01}"), "invalid JSON" },
	{ J("{\"a\":+1}"), "invalid JSON" },
	{ J("{\"a\":NaN}"), "invalid JSON" },
	{ J("{\"a\":Infinity}"), "invalid JSON" },
	{ J("{\"a\":True}"), "invalid JSON" },
	{ J("{\"a\":\"\n\"}"), "invalid JSON" },
	{ J("{\"a\":\"\\x41\"}"), "invalid JSON" },
	{ J("{\"a\":\"\\u0000\"}"), "invalid JSON" },
	{ J("{\"a\\u0000b\":1}"), "invalid JSON" },
	{ J("{\"a\":\"\\ud83d\"}"), "invalid JSON" },
	{ J("{\"a\":\"\xff\"}"), "invalid JSON" },
	{ J("{\"a\":\"\xc0\x80\"}"), "invalid JSON" },
	{ J("{\"a\":\"\xed\xa0\x80\"}"), "invalid JSON" },
	{ J("\xef\xbb\xbf{}"), "invalid JSON" },
	{ J("{\"a\":\"b"), "invalid JSON" },
	{ J("{\"a\":\"b\\"), "invalid JSON" },
	{ J("{\"a\":1,\"a\":1}"), "JSON has the same name twice" },
	{ J("{\"a\":1,\"\\u0061\":2}"), "JSON has the same name twice" },
	{ J("{\"b\":{\"a\":1,\"a\":2}}"), "JSON has the same name twice" },
	{ J("{\"a\":9223372036854775808}"), NULL },
	{ J("{\"a\":[-123456789012345678901234567890,1e999]}"), NULL },
	{ J("{\"a\":123456789012345678901234567890.}"), "invalid JSON" },
	{ J("{\"a\":0123456789012345678901234567890}"), "invalid JSON" },
	/* found by fuzzing: two numbers that became one */
	{ J("{\"a\":5-123456789012345678901234567890}"), "invalid JSON" },
	{ J("{\"a\":--123456789012345678901234567890}"), "invalid JSON" },
	{ J("{\"a\":5-1e999}"), "invalid JSON" },
	{ J("{\"a\":1e999,\"b\":5-1e999}"), "invalid JSON" },
	{ J("{\"a\":123456789012345678901234567890-1}"), "invalid JSON" },
	{ J("{\"a\":123456789012345678901234567890.}"), "invalid JSON" },
	{ J("{\"a\":0123456789012345678901234567890}"), "invalid JSON" },
	{ J("{\"a\":1e999,\"a\":1}"), "JSON has the same name twice" },
	{ J("{\"a\":1e999,\"b\":1e}"), "invalid JSON" },
	{ J("[]"), "not a JSON object" },
	{ J("[{}]"), "not a JSON object" },
	{ J("null"), "invalid JSON" },
	{ J("1"), "invalid JSON" },
	{ J("\"a\""), "invalid JSON" },
};

/* {"a":[[...]]} with that many levels */
static const char *
nested(int levels, bool close)
{
	static char buf[200100];
	const char *why;
	json_t *json;
	size_t n;

	n = (size_t)snprintf(buf, sizeof(buf), "{\"a\":");
	memset(buf + n, '[', (size_t)levels - 1);
	n += (size_t)levels - 1;
	if (close) {
		memset(buf + n, ']', (size_t)levels - 1);
		n += (size_t)levels - 1;
		buf[n++] = '}';
	}
	why = NULL;
	json = json_object_parse(buf, n, &why);
	json_decref(json);
	return (json != NULL ? "good" : why);
}

static const struct {
	const char	*text;
	const char	*name;
	const char	*value;		/* NULL: absent */
} members[] = {
	{ "{}", "a", NULL },
	{ "{\"a\":1}", "a", "1" },
	{ " { \"b\" : [1, {\"a\":2}] ,\n\"a\"\t:\"}\" }", "a", "\"}\"" },
	{ "{\"b\":\"\\\"a\\\\\",\"a\":{\"x\":\"]\"}}", "a", "{\"x\":\"]\"}" },
	{ "{\"b\":{\"a\":1},\"c\":[]}", "a", NULL },
	{ "{\"\\u0061\":true}", "a", "true" },
	{ "{\"a\\\\\":1,\"a\":2}", "a", "2" },
	{ "{\"aa\":1,\"\":3}", "", "3" },
	{ "{\"a\":123456789012345678901234567890}", "a",
	    "123456789012345678901234567890" },
	{ "{\"a\":1.10 }", "a", "1.10" },
};

static const struct {
	const char	*text;
	const char	*plain;
	const char	*ascii;
} compacts[] = {
	{ "1", "1", "1" },
	{ " { \"a b\" : [ 1 ,\t2 ] }\r\n", "{\"a b\":[1,2]}",
	    "{\"a b\":[1,2]}" },
	{ "\" \\\" \"", "\" \\\" \"", "\" \\\" \"" },
	{ "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
	    "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
	    "\"\\u00e9\\u20ac\\ud83d\\ude00\"" },
};

static void
test_text(void)
{
	char out[256], want[256];
	struct span text;
	ssize_t n;
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		text = json_member(members[i].text, strlen(members[i].text),
		    members[i].name);
		(void)snprintf(out, sizeof(out), "%.*s", (int)text.len,
		    text.p != NULL ? text.p : "");
		is_str(text.p != NULL ? out : NULL, members[i].value,
		    members[i].text);
	}
	for (i = 0; i < sizeof(compacts) / sizeof(compacts[0]); i++) {
		text.p = compacts[i].text;
		text.len = strlen(text.p);
		n = json_compact(out, sizeof(out) - 1, text, false);
		out[n >= 0 ? n : 0] = '\0';
		is_str(out, compacts[i].plain, "compact");
		n = json_compact(out, sizeof(out) - 1, text, true);
		out[n >= 0 ? n : 0] = '\0';
		is_str(out, compacts[i].ascii, "... in ASCII");
		(void)strlcpy(want, compacts[i].ascii, sizeof(want));
		ok(json_compact(out, strlen(want), text, true) != -1 &&
		    json_compact(out, strlen(want) - 1, text, true) == -1,
		    "... as long as it fits");
	}
}

int
main(void)
{
	const char *why;
	char *copy;
	json_t *json;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		/* of its exact size, for AddressSanitizer */
		if ((copy = malloc(texts[i].len + (texts[i].len == 0))) == NULL)
			abort();
		memcpy(copy, texts[i].text, texts[i].len);
		why = NULL;
		json = json_object_parse(copy, texts[i].len, &why);
		ok((json != NULL) == (texts[i].why == NULL), "text %zu", i);
		is_str(why, texts[i].why, "... and why");
		json_decref(json);
		free(copy);
	}
	is_str(nested(JSON_MAX_DEPTH, true), "good", "as deep as can be");
	is_str(nested(JSON_MAX_DEPTH + 1, true), "JSON nests too deep",
	    "too deep");
	is_str(nested(100000, true), "JSON nests too deep", "much too deep");
	is_str(nested(100000, false), "JSON nests too deep", "and without end");
	test_text();
	return (done());
}
