#include "raft/membership.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/check.h"

namespace distkv::raft {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kWitnessFlag = 1;

using Members = std::vector<Member>;

const Member* find_in(const Members& members, ReplicaId id) {
    const auto found = std::ranges::lower_bound(members, id, {}, &Member::id);
    return found != members.end() && found->id == id ? &*found : nullptr;
}

bool is_majority(const Members& voters, const std::function<bool(ReplicaId)>& has) {
    const auto count = std::ranges::count_if(voters, [&](const Member& m) { return has(m.id); });
    return static_cast<std::size_t>(count) > voters.size() / 2;
}

// The highest number that more than half of the voters have reached.
std::uint64_t majority_reached(const Members& voters,
                               const std::function<std::uint64_t(ReplicaId)>& of) {
    if (voters.empty()) {
        return UINT64_MAX;
    }
    std::array<std::uint64_t, kMembersMax> reached{};
    CHECK(voters.size() <= reached.size());
    std::ranges::transform(voters, reached.begin(), [&](const Member& m) { return of(m.id); });
    const std::span numbers(reached.data(), voters.size());
    std::ranges::sort(numbers, std::greater<>());
    return numbers[voters.size() / 2];
}

// The highest number that voters of so many regions have reached.
std::uint64_t regions_reached(const Membership& membership,
                              const std::function<std::uint64_t(ReplicaId)>& of) {
    std::vector<std::pair<RegionLabel, std::uint64_t>> best;
    const auto take = [&](const Members& voters) {
        for (const Member& member : voters) {
            auto found = std::ranges::find(best, member.region,
                                           &std::pair<RegionLabel, std::uint64_t>::first);
            if (found == best.end()) {
                best.emplace_back(member.region, of(member.id));
            } else {
                found->second = std::max(found->second, of(member.id));
            }
        }
    };
    take(membership.voters);
    const std::size_t wanted = std::min<std::size_t>(membership.regions_min, best.size());
    if (wanted < 2) {
        return UINT64_MAX;
    }
    std::ranges::sort(best, std::greater<>(), &std::pair<RegionLabel, std::uint64_t>::second);
    return best[wanted - 1].second;
}

void encode_members(const Members& members, base::Encoder& out) {
    out.varint(members.size());
    for (const Member& member : members) {
        out.varint(member.id.value);
        out.fixed(member.witness ? kWitnessFlag : std::uint8_t{0});
        out.varint(member.region.value);
        out.varint(member.priority);
    }
}

base::Result<Members> decode_members(base::Decoder& in) {
    Members members;
    const std::uint64_t count = TRY(in.varint());
    if (count > kMembersMax) {
        return base::fail(base::Errc::kCorrupt, "a membership of " + std::to_string(count) +
                                                    " members, the most is " +
                                                    std::to_string(kMembersMax));
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        Member member;
        member.id = ReplicaId{TRY(in.varint())};
        const auto flags = TRY(in.fixed<std::uint8_t>());
        member.region = RegionLabel{TRY(in.varint())};
        member.priority = TRY(in.varint());
        const bool ascends = members.empty() || members.back().id < member.id;
        if (member.id == kNobody || !ascends || flags > kWitnessFlag) {
            return base::fail(base::Errc::kCorrupt,
                              "members must ascend from replica 1, and "
                              "have no flags but 1 (witness)");
        }
        member.witness = flags == kWitnessFlag;
        members.push_back(member);
    }
    return members;
}

void append_text(std::string& out, std::string_view title, const Members& members) {
    if (members.empty()) {
        return;
    }
    out += out.empty() ? "" : ", ";
    out += title;
    for (const Member& member : members) {
        out += ' ';
        out += to_string(member.id);
        out += member.witness ? "w" : "";
    }
}

}  // namespace

bool Membership::is_voter(ReplicaId id) const {
    return find_in(voters, id) != nullptr || find_in(outgoing, id) != nullptr;
}

bool Membership::is_learner(ReplicaId id) const {
    return !is_voter(id) && find_in(learners, id) != nullptr;
}

const Member* Membership::find(ReplicaId id) const {
    for (const Members* members : {&voters, &learners, &outgoing}) {
        if (const Member* found = find_in(*members, id)) {
            return found;
        }
    }
    return nullptr;
}

std::vector<ReplicaId> Membership::everyone() const {
    std::vector<ReplicaId> ids;
    for (const Members* members : {&voters, &outgoing, &learners}) {
        for (const Member& member : *members) {
            ids.push_back(member.id);
        }
    }
    std::ranges::sort(ids);
    const auto doubled = std::ranges::unique(ids);
    ids.erase(doubled.begin(), doubled.end());
    return ids;
}

bool Membership::is_quorum(const std::function<bool(ReplicaId)>& has) const {
    return is_majority(voters, has) && (outgoing.empty() || is_majority(outgoing, has));
}

std::uint64_t Membership::reached(const std::function<std::uint64_t(ReplicaId)>& of) const {
    return std::min(majority_reached(voters, of), majority_reached(outgoing, of));
}

std::uint64_t Membership::committed(const std::function<std::uint64_t(ReplicaId)>& of) const {
    const std::uint64_t by_majority = reached(of);
    return regions_min < 2 ? by_majority : std::min(by_majority, regions_reached(*this, of));
}

base::Bytes Membership::encode() const {
    base::Encoder out;
    out.fixed(kVersion);
    encode_members(voters, out);
    encode_members(outgoing, out);
    encode_members(learners, out);
    out.varint(regions_min);
    out.fixed(auto_leave ? std::uint8_t{1} : std::uint8_t{0});
    return std::move(out).take();
}

base::Result<Membership> Membership::decode(base::ByteView bytes) {
    base::Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));
    Membership membership;
    membership.voters = TRY(decode_members(in));
    membership.outgoing = TRY(decode_members(in));
    membership.learners = TRY(decode_members(in));
    membership.regions_min = TRY(in.varint());
    const auto auto_leave = TRY(in.fixed<std::uint8_t>());
    if (membership.voters.empty() || auto_leave > 1) {
        return base::fail(base::Errc::kCorrupt,
                          "a membership has at least one voter, and says 0 or 1 to auto_leave");
    }
    membership.auto_leave = auto_leave == 1;
    TRY(in.finish());
    return membership;
}

std::string to_string(const Membership& membership) {
    std::string text;
    append_text(text, "voters", membership.voters);
    append_text(text, "outgoing", membership.outgoing);
    append_text(text, "learners", membership.learners);
    return text;
}

}  // namespace distkv::raft
