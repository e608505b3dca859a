/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning: see plan.h.
 *
 * A span of the map suits a method after its ends moved inwards to places that
 * are cuts of the map and aligned for the method.  Such places are the
 * multiples of `step`, and the ends of the range where those happen to be
 * aligned.  A suiting span is then cut into runs of at most max_run.
 */
#include "plan.h"

#include "xm/align.h"
#include "xm/checked.h"

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

static uint64_t src_of(const struct xm_plan *p, uint64_t dst)
{
	return dst - p->dst_off + p->src_off;
}

/* Bytes a run may have so that another can follow it. */
static uint64_t piece_of(const struct xm_method_limits *l, uint64_t align)
{
	return xm_round_down(l->max_run, align);
}

/* Most bytes that `runs` touching runs and a task can have. */
static uint64_t capacity(const struct xm_method_limits *l, uint64_t align, unsigned runs)
{
	uint64_t bytes;

	if (!xm_checked_mul(piece_of(l, align), (uint64_t)runs, &bytes))
		bytes = UINT64_MAX;
	return xm_min_u64(bytes, l->max_bytes);
}

uint64_t xm_plan_step(const struct xm_plan *p, const struct xm_map *map,
		      const struct xm_method_limits *limits, uint64_t align)
{
	uint64_t step, most;

	if (align == 0 || p->src_off % align != p->dst_off % align ||
	    !xm_checked_mul(map->granule / gcd(map->granule, align), align, &step))
		return 0;
	most = capacity(limits, align, limits->max_runs);
	/* what is smaller than a step altogether may still go as one piece */
	return step <= most || map->hi - map->lo <= most ? step : 0;
}

struct span {
	uint64_t off, len;
	enum xm_task_kind kind;
};

static bool aligned(const struct xm_map *map, uint64_t off, uint64_t step, uint64_t align)
{
	return xm_is_aligned(off, step) ||
	       ((off == map->lo || off == map->hi) && xm_is_aligned(off, align));
}

/* Move both ends of [off, end) inwards to places the method can take.  False: nothing is left. */
static bool clip(const struct xm_map *map, uint64_t step, uint64_t align, uint64_t *off,
		 uint64_t *end)
{
	if (!aligned(map, *off, step, align)) {
		if (*end - *off < step - *off % step)
			return false;
		*off += step - *off % step;
	}
	if (!aligned(map, *end, step, align)) {
		uint64_t down = xm_round_down(*end, step);

		/* the start of the range may lie inside the step that the end falls into */
		if (down < *off)
			return false;
		*end = down;
	}
	return *off < *end;
}

/* What the extent source says of the place, as a kind of task; ends at a cut of the map. */
static struct span look(const struct xm_plan *p, const struct xm_map *map, uint64_t off,
			uint64_t len, bool zeros)
{
	struct xm_extent e = p->extents->ops->query(p->extents, src_of(p, off), len);
	bool sane = e.off == src_of(p, off) && e.len > 0 && e.len <= len;
	bool zero = zeros && sane && (e.kind == XM_EXTENT_ZERO || e.kind == XM_EXTENT_HOLE);
	uint64_t end = off + (sane ? e.len : len);
	struct span s = { .off = off, .kind = XM_TASK_COPY };

	/* a granule that is not all zero is data */
	if (zero && xm_map_cut_before(map, end) > off) {
		s.kind = XM_TASK_ZERO;
		s.len = xm_map_cut_before(map, end) - off;
	} else {
		s.len = xm_map_cut_after(map, end) - off;
	}
	return s;
}

/* Neighbours of one kind are one span. */
static struct span look_far(const struct xm_plan *p, const struct xm_map *map, uint64_t off,
			    uint64_t len, bool zeros)
{
	struct span s = look(p, map, off, len, zeros);

	while (s.len < len) {
		struct span more = look(p, map, off + s.len, len - s.len, zeros);

		if (more.kind != s.kind)
			break;
		s.len += more.len;
	}
	return s;
}

struct fill {
	const struct xm_plan *p;
	const struct xm_map *map;
	const struct xm_plan_ask *ask;
	uint64_t step, want, want_zeros;
	struct xm_task *task;
};

/* Zeros cost little by the byte: as many at once as the method takes. */
static uint64_t wanted(const struct fill *f, enum xm_task_kind kind)
{
	return kind == XM_TASK_ZERO ? f->want_zeros : f->want;
}

/*
 * Where [off, end) must end so that the task can hold it and a later one go on: off when
 * nowhere.
 */
static uint64_t fit(const struct fill *f, enum xm_task_kind kind, uint64_t off, uint64_t end)
{
	const struct xm_method_limits *l = f->ask->limits;
	uint64_t room = xm_min_u64(wanted(f, kind) - f->task->bytes,
				   capacity(l, f->ask->align, l->max_runs - f->task->nruns));

	if (end - off <= room)
		return end;
	end = off + room;
	if (!aligned(f->map, end, f->step, f->ask->align))
		end = xm_round_down(end, f->step);
	return xm_max_u64(off, end);
}

/* A gather goes on only where it ended. */
static bool gap_before(const struct fill *f, uint64_t off)
{
	const struct xm_task *t = f->task;
	const struct xm_run *last = t->nruns ? &t->runs[t->nruns - 1] : NULL;

	return f->ask->limits->gather && last && last->dst + last->len != off;
}

static void add_runs(struct fill *f, uint64_t off, uint64_t end)
{
	struct xm_task *t = f->task;
	uint64_t most = piece_of(f->ask->limits, f->ask->align);

	for (uint64_t n; off < end; off += n) {
		n = xm_min_u64(end - off, most);
		t->runs[t->nruns++] = (struct xm_run){ src_of(f->p, off), off, n };
		t->bytes += n;
	}
}

static bool full(const struct fill *f)
{
	const struct xm_task *t = f->task;

	if (t->nruns == 0)
		return false;
	return t->bytes >= wanted(f, t->kind) || t->nruns >= f->ask->limits->max_runs;
}

/* Gather what suits from spans that begin in [from, to), until the task is full. */
static void scan(struct fill *f, uint64_t from, uint64_t to)
{
	uint64_t align = f->ask->align, off, len, max = xm_max_u64(f->want, f->want_zeros);

	if (!xm_checked_add(max, 2 * f->step, &max))
		max = UINT64_MAX;
	while (!full(f) && xm_map_next_without(f->map, f->ask->barred, from, max, &off, &len)) {
		struct span s = look_far(f->p, f->map, off, len, !f->ask->zero_as_data);
		uint64_t a = s.off, b = s.off + s.len, e;

		if (off >= to)
			return;
		from = b;
		if (!(f->ask->limits->kinds & s.kind) ||
		    (f->task->nruns && s.kind != f->task->kind) ||
		    !clip(f->map, f->step, align, &a, &b))
			continue;
		e = fit(f, s.kind, a, b);
		if (f->task->nruns && (e == a || gap_before(f, a)))
			return;
		f->task->kind = s.kind;
		add_runs(f, a, e);
	}
}

bool xm_plan_next(const struct xm_plan *p, const struct xm_map *map, const struct xm_plan_ask *ask,
		  struct xm_task *task)
{
	const struct xm_method_limits *l = ask->limits;
	struct fill f = { .p = p, .map = map, .ask = ask, .task = task,
			  .step = xm_plan_step(p, map, l, ask->align) };

	task->nruns = 0;
	task->bytes = 0;
	if (f.step == 0)
		return false;
	f.want = xm_min_u64(l->max_bytes, xm_max_u64(ask->bytes, f.step));
	f.want_zeros = l->steady ? l->max_bytes : f.want;
	scan(&f, ask->from, map->hi);
	if (task->nruns == 0 && ask->from > map->lo)
		scan(&f, map->lo, ask->from);
	return task->nruns > 0;
}
