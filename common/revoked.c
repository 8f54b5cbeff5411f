/*
 * The table of what was revoked; see revoked.h.  It has two halves.  The
 * sequence number says which of them counts; the other is filled, and then the
 * number goes up by one.  So a reader that finds the same number before and
 * after a look has seen a half that nobody wrote to meanwhile.
 */
#include "revoked.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system.h"

#define HASH_BYTES	crypto_shorthash_siphashx24_BYTES
#define KEY_BYTES	crypto_shorthash_siphashx24_KEYBYTES
/*
 * Keyed hashes in a table that is half full need far fewer.  What another
 * process has written must not keep the parent busy.
 */
#define PROBES		512
#define TRIES		4	/* looks that were overtaken by a new version */

static_assert(HASH_BYTES == 16, "hash size");

/* time 0: a free slot */
struct entry {
	uint8_t		 hash[HASH_BYTES];
	int64_t		 time;
};

struct half {
	uint64_t	 n;
	uint64_t	 overflow;	/* more were added than fit */
};

/* As it is in the file; the slots of both halves follow. */
struct table {
	uint8_t		 keys[2][KEY_BYTES];	/* of tokens and of users */
	uint64_t	 owner;		/* of the last who claimed it */
	uint64_t	 checked;
	uint64_t	 sequence;
	struct half	 halves[2];
};

struct revoked {
	struct table	*table;
	struct entry	*slots[2];
	/* these are not from the file, which a reader does not trust */
	size_t		 nslots;	/* of a half: a power of two */
	size_t		 limit;
	size_t		 size;
	uint64_t	 owner;
	unsigned int	 next;		/* the half that is filled */
};

/* At most half of the slots are taken, so that a look is short. */
static size_t
slots_for(unsigned int limit)
{
	size_t n;

	for (n = 2; n < (size_t)limit * 2; n *= 2)
		;
	return (n);
}

size_t
revoked_size(unsigned int limit)
{
	return (sizeof(struct table) + 2 * slots_for(limit) *
	    sizeof(struct entry));
}

struct revoked *
revoked_map(int fd, unsigned int limit, bool write)
{
	struct revoked *r;
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (NULL);
	if (limit < REVOKED_MIN || limit > REVOKED_MAX ||
	    st.st_size != (off_t)revoked_size(limit)) {
		errno = EINVAL;
		return (NULL);
	}
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (NULL);
	r->limit = limit;
	r->nslots = slots_for(limit);
	r->size = revoked_size(limit);
	r->table = mmap(NULL, r->size, write ? PROT_READ | PROT_WRITE :
	    PROT_READ, MAP_SHARED, fd, 0);
	if (r->table == MAP_FAILED) {
		free(r);
		return (NULL);
	}
	r->slots[0] = (struct entry *)(r->table + 1);
	r->slots[1] = r->slots[0] + r->nslots;
	return (r);
}

void
revoked_unmap(struct revoked *r)
{
	if (r == NULL)
		return;
	(void)munmap(r->table, r->size);
	free(r);
}

static uint64_t
sequence_of(const struct revoked *r)
{
	return (__atomic_load_n(&r->table->sequence, __ATOMIC_ACQUIRE));
}

uint64_t
revoked_version(const struct revoked *r)
{
	return (sequence_of(r));
}

/* Was it still the half that counts, all the time since? */
static bool
still(const struct revoked *r, uint64_t sequence)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return (__atomic_load_n(&r->table->sequence, __ATOMIC_RELAXED) ==
	    sequence);
}

static void
make_hash(const struct revoked *r, enum revoked_kind kind, const char *id,
    size_t len, uint8_t hash[HASH_BYTES])
{
	(void)crypto_shorthash_siphashx24(hash, (const unsigned char *)id,
	    len, r->table->keys[kind == REVOKED_USER]);
}

/* The slot that has it, or the free one where it belongs; NULL: neither. */
static struct entry *
find(const struct revoked *r, unsigned int half, const uint8_t *hash)
{
	struct entry *slot;
	uint64_t start;
	size_t i;

	memcpy(&start, hash, sizeof(start));
	for (i = 0; i < r->nslots && i < PROBES; i++) {
		slot = &r->slots[half][(start + i) & (r->nslots - 1)];
		if (slot->time == 0 ||
		    memcmp(slot->hash, hash, HASH_BYTES) == 0)
			return (slot);
	}
	return (NULL);
}

static int64_t
time_of(const struct revoked *r, unsigned int half, const uint8_t *hash)
{
	const struct entry *slot;

	slot = find(r, half, hash);
	return (slot != NULL ? slot->time : 0);
}

enum revoked_answer
revoked_look(const struct revoked *r, const char *id, const char *subject,
    int64_t iat)
{
	uint8_t token[HASH_BYTES], user[HASH_BYTES];
	uint64_t sequence;
	unsigned int half;
	bool overflow, found;
	int i;

	make_hash(r, REVOKED_USER, subject, strlen(subject), user);
	if (id != NULL)
		make_hash(r, REVOKED_TOKEN, id, strlen(id), token);
	for (i = 0; i < TRIES; i++) {
		sequence = sequence_of(r);
		half = sequence & 1;
		overflow = r->table->halves[half].overflow != 0;
		found = time_of(r, half, user) > iat ||
		    (id != NULL && time_of(r, half, token) != 0);
		if (!still(r, sequence))
			continue;
		return (found ? REVOKED_YES :
		    overflow ? REVOKED_UNKNOWN : REVOKED_NO);
	}
	return (REVOKED_UNKNOWN);
}

uint64_t
revoked_checked(const struct revoked *r)
{
	return (__atomic_load_n(&r->table->checked, __ATOMIC_ACQUIRE));
}

void
revoked_claim(struct revoked *r)
{
	randombytes_buf(&r->owner, sizeof(r->owner));
	__atomic_store_n(&r->table->owner, r->owner, __ATOMIC_SEQ_CST);
}

/* One that outlived its parent must not write beside its successor. */
static bool
is_mine(const struct revoked *r)
{
	return (__atomic_load_n(&r->table->owner, __ATOMIC_SEQ_CST) ==
	    r->owner);
}

void
revoked_begin(struct revoked *r, bool anew)
{
	unsigned int half;

	if (!is_mine(r))
		return;
	half = sequence_of(r) & 1;
	r->next = half ^ 1;
	if (anew) {
		memset(&r->table->halves[r->next], 0, sizeof(struct half));
		memset(r->slots[r->next], 0,
		    r->nslots * sizeof(struct entry));
		return;
	}
	r->table->halves[r->next] = r->table->halves[half];
	memcpy(r->slots[r->next], r->slots[half],
	    r->nslots * sizeof(struct entry));
}

/* Into the half that is filled. */
static void
put(struct revoked *r, const uint8_t hash[HASH_BYTES], int64_t time)
{
	struct entry *slot;
	struct half *half;

	half = &r->table->halves[r->next];
	slot = find(r, r->next, hash);
	if (slot != NULL && slot->time != 0) {
		if (slot->time < time)
			slot->time = time;
		return;
	}
	if (slot == NULL || half->n >= r->limit) {
		half->overflow = 1;
		return;
	}
	memcpy(slot->hash, hash, HASH_BYTES);
	slot->time = time;
	half->n++;
}

void
revoked_add(struct revoked *r, enum revoked_kind kind, const char *id,
    size_t len, int64_t time)
{
	uint8_t hash[HASH_BYTES];

	if (time <= 0 || !is_mine(r))
		return;
	make_hash(r, kind, id, len, hash);
	put(r, hash, time);
}

bool
revoked_overflow(const struct revoked *r, size_t *n)
{
	const struct half *half;

	half = &r->table->halves[sequence_of(r) & 1];
	*n = half->n;
	return (half->overflow != 0);
}

bool
revoked_commit(struct revoked *r)
{
	if (!is_mine(r))
		return (false);
	/* release: who sees the number sees the half */
	__atomic_add_fetch(&r->table->sequence, 1, __ATOMIC_SEQ_CST);
	return (true);
}

void
revoked_confirm(struct revoked *r, uint64_t now)
{
	if (is_mine(r))
		__atomic_store_n(&r->table->checked, now, __ATOMIC_RELEASE);
}

/*
 * Fill a table that nobody else has, by what is in another, whatever its size.
 * Returns false if that changed all the time.
 */
static bool
copy_from(struct revoked *r, const struct revoked *old)
{
	const struct entry *slot;
	uint64_t sequence;
	unsigned int half;
	size_t n;
	int i;

	memcpy(r->table->keys, old->table->keys, sizeof(r->table->keys));
	for (i = 0; i < TRIES; i++) {
		revoked_begin(r, true);
		sequence = sequence_of(old);
		half = sequence & 1;
		for (n = 0; n < old->nslots; n++) {
			slot = &old->slots[half][n];
			if (slot->time > 0)
				put(r, slot->hash, slot->time);
		}
		if (old->table->halves[half].overflow != 0)
			r->table->halves[r->next].overflow = 1;
		r->table->checked = revoked_checked(old);
		if (still(old, sequence))
			return (true);
	}
	return (false);
}

static void
fill_new(struct revoked *r, const struct revoked *before)
{
	/* so that nobody outside can say which ids share a slot */
	randombytes_buf(r->table->keys, sizeof(r->table->keys));
	revoked_claim(r);
	if (before != NULL && copy_from(r, before))
		(void)revoked_commit(r);
	else
		r->table->checked = 0;
}

int
revoked_create(unsigned int limit, const struct revoked *before, int *rw,
    int *ro)
{
	struct revoked *r;
	int error;

	if (system_shared_file("revoked", revoked_size(limit), rw, ro) == -1)
		return (-1);
	if ((r = revoked_map(*rw, limit, true)) == NULL) {
		error = errno;
		close(*rw);
		close(*ro);
		*rw = *ro = -1;
		errno = error;
		return (-1);
	}
	fill_new(r, before);
	revoked_unmap(r);
	return (0);
}
