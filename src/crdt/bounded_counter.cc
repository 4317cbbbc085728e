#include "crdt/bounded_counter.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/mutant.h"
#include "crdt/command.h"
#include "crdt/escrow_row.h"

namespace distkv::crdt {

using base::Errc;
using base::fail;
using base::Result;
using Answer = Result<Outcome<std::int64_t>>;

namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

Effect row_of(const EscrowRow& row, const Writer& writer) {
    return {{Tag::kEscrow, {}, writer.dot.origin},
            {.dot = writer.dot, .kind = Kind::kValue, .value = encode_row(row)}};
}

std::int64_t shown(const Books& books) {
    return std::max<std::int64_t>(narrow(books.value()), 0);
}

Result<void> check_amount(std::int64_t amount) {
    if (amount > 0) {
        return {};
    }
    return fail(Errc::kInvalid,
                "a bounded counter moves by amounts above zero, not by " + std::to_string(amount));
}

// Whether the writer may use so much alone.
Result<void> check_slice(const Books& books, std::int64_t wanted, const Lease& lease,
                         const Writer& writer) {
    const std::int64_t used = narrow(books.used(writer.dot.origin));
    const std::int64_t slice = narrow(std::max<Wide>(Wide{lease.leased_total} - used, 0));
    const std::int64_t held = narrow(std::max<Wide>(books.rights(writer.dot.origin), 0));
    const std::string arithmetic = "wanted " + std::to_string(wanted) + ", available here " +
                                   std::to_string(std::min(slice, held)) + " (leased " +
                                   std::to_string(lease.leased_total) + ", of which used " +
                                   std::to_string(used) + "; rights held " + std::to_string(held) +
                                   "), in all " + std::to_string(shown(books));
    if (lease.expires <= writer.dot.hlc) {
        return fail(Errc::kInvalid, "the lease of this region on the counter ended at " +
                                        time::to_string(lease.expires) + ": " + arithmetic);
    }
    if (wanted > slice) {
        return fail(Errc::kInvalid,
                    "not enough in this region's slice of the counter: " + arithmetic);
    }
    if (wanted > held) {
        return fail(Errc::kRetry,
                    "rights that this region's slice of the counter stands on have not arrived: " +
                        arithmetic);
    }
    return {};
}

template <class Change>
Answer on_books(const KeyState& state, const Writer& writer, Change change) {
    return on_typed(state, writer, Type::kBoundedCounter, [&](const KeyState& visible) -> Answer {
        Books books = TRY(Books::of(visible));
        return change(books, books.rows[writer.dot.origin]);
    });
}

Result<std::int64_t> sum(std::int64_t one, std::int64_t other) {
    if (one > kMax - other) {
        return fail(Errc::kInvalid, "the bounded counter would overflow");
    }
    return one + other;
}

}  // namespace

Result<std::int64_t> bounded_value(const KeyState& state, time::Hlc now) {
    if (!TRY(exists_as(state, Type::kBoundedCounter, now))) {
        return 0;
    }
    return shown(TRY(Books::of(state)));
}

Result<Rights> bounded_rights(const KeyState& state, const model::Origin& origin, time::Hlc now) {
    if (!TRY(exists_as(state, Type::kBoundedCounter, now))) {
        return Rights{};
    }
    const Books books = TRY(Books::of(state));
    return Rights{.held = narrow(books.rights(origin)), .used = narrow(books.used(origin))};
}

Answer bounded_increment(const KeyState& state, std::int64_t amount, const Writer& writer) {
    TRY(check_amount(amount));
    return on_books(state, writer, [&](Books& books, EscrowRow& own) -> Answer {
        own.granted = TRY(sum(own.granted, amount));
        return Outcome<std::int64_t>{shown(books), {row_of(own, writer)}};
    });
}

Answer bounded_decrement(const KeyState& state, std::int64_t amount, const Lease& lease,
                         const Writer& writer) {
    TRY(check_amount(amount));
    return on_books(state, writer, [&](Books& books, EscrowRow& own) -> Answer {
        TRY(check_slice(books, amount, lease, writer));
        own.spent = TRY(sum(own.spent, amount));
        return Outcome<std::int64_t>{shown(books), {row_of(own, writer)}};
    });
}

Answer bounded_give(const KeyState& state, const Gift& gift, const Lease& lease,
                    const Writer& writer) {
    TRY(check_amount(gift.amount));
    if (gift.to == writer.dot.origin) {
        return fail(Errc::kInvalid, "a region cannot give rights to itself");
    }
    return on_books(state, writer, [&](Books& books, EscrowRow& own) -> Answer {
        TRY(check_slice(books, gift.amount, lease, writer));
        std::int64_t& given = own.given[gift.to];
        given = TRY(sum(given, gift.amount));
        return Outcome<std::int64_t>{narrow(books.rights(writer.dot.origin)),
                                     {row_of(own, writer)}};
    });
}

Answer bounded_reclaim(const KeyState& state, const DeadOrigin& dead, const Writer& writer) {
    if (dead.from == writer.dot.origin) {
        return fail(Errc::kInvalid, "a region cannot reclaim its own rights");
    }
    model::VersionVector seen = writer.seen;
    seen.raise({{writer.dot.hlc.word - 1}, writer.dot.origin});
    if (!seen.covers(dead.earlier)) {
        return fail(Errc::kRetry,
                    "earlier reclaims have not arrived here yet: " + to_string(dead.earlier) +
                        ", and here is seen " + to_string(seen));
    }
    return on_books(state, writer, [&](Books& books, EscrowRow& own) -> Answer {
        const Wide used = books.used(dead.from);
        const Wide slice =
            MUTANT(crdt_reclaims_slice) ? used : std::max<Wide>(dead.leased_total, used);
        const Wide beyond = books.income(dead.from) - slice;
        if (beyond <= 0) {
            return Outcome<std::int64_t>{};
        }
        const std::int64_t amount = narrow(beyond);
        std::int64_t& taken = own.taken[dead.from];
        taken = TRY(sum(taken, amount));
        return Outcome<std::int64_t>{amount, {row_of(own, writer)}};
    });
}

}  // namespace distkv::crdt
