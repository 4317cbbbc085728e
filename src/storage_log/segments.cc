#include "storage_log/segments.h"

#include <algorithm>
#include <charconv>

namespace distkv::storage_log {

using base::Errc;
using base::Result;

namespace {

constexpr std::size_t kDigits = 16;
constexpr std::string_view kEnding = ".log";

class NobodyCares final : public PlaceObserver {
public:
    void placed(GroupId /*group*/, Place /*at*/, std::size_t /*bytes*/) override {}
    void released(GroupId /*group*/, Place /*at*/, std::size_t /*bytes*/) override {}
};

}  // namespace

std::string segment_name(std::uint64_t number) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string name(kDigits, '0');
    for (std::size_t i = 0; i < kDigits; ++i) {
        name[kDigits - 1 - i] = kHex[(number >> (4 * i)) & 15U];
    }
    return name.append(kEnding);
}

std::optional<std::uint64_t> segment_number(std::string_view name) {
    std::uint64_t number = 0;
    if (name.size() != kDigits + kEnding.size() || !name.ends_with(kEnding)) {
        return std::nullopt;
    }
    const auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, number, 16);
    return error == std::errc() && segment_name(number) == name ? std::optional(number)
                                                                : std::nullopt;
}

Result<SegmentFacts> look_at_segment(std::uint64_t number, base::ByteView bytes) {
    SegmentFacts facts{.number = number, .header = {}, .id_in_blocks = {}};
    const auto header = decode_segment_header(bytes);
    if (!header && header.error().code == Errc::kInvalid) {
        return base::fail(Errc::kInvalid, segment_name(number) + ": " + header.error().detail);
    }
    if (header && header->number == number) {
        facts.header = *header;
        return facts;
    }
    for (std::size_t at = kFirstBlockAt; at + kBlockHeaderBytes <= bytes.size();
         at += kBlockAlignment) {
        if (const auto block = parse_block(bytes.substr(at), {number, at})) {
            facts.id_in_blocks = block->log_id;
            break;
        }
    }
    return facts;
}

std::uint64_t log_id_of(const std::vector<SegmentFacts>& segments) {
    for (const SegmentFacts& segment : segments) {
        if (segment.header) {
            return segment.header->log_id;
        }
    }
    for (const SegmentFacts& segment : segments) {
        if (segment.id_in_blocks) {
            return *segment.id_in_blocks;
        }
    }
    return 0;
}

void trim_by_the_next(const SegmentFacts& segment, const SegmentFacts* next, base::Bytes& bytes) {
    if (next != nullptr && next->header && next->number == segment.number + 1) {
        bytes.resize(next->header->bytes_before);
    } else if (next != nullptr) {
        // It does not say. The zeros that stood ready for more are not a part of it.
        const std::size_t written = bytes.find_last_not_of('\0') + 1;
        bytes.resize((written + kBlockAlignment - 1) & ~(kBlockAlignment - 1));
    }
}

void scan_segment(Scanner& scanner, const SegmentFacts& segment, const SegmentFacts* before,
                  base::ByteView bytes, bool last) {
    if (before != nullptr) {
        for (std::uint64_t gone = before->number + 1; gone < segment.number; ++gone) {
            scanner.lost_segment(gone, 0);
        }
    }
    scanner.segment(segment.number, bytes, last);
}

Result<Inspection> inspect(const std::vector<SegmentBytes>& segments,
                           const std::function<void(const Scanner::Found&)>& on_record) {
    std::vector<SegmentFacts> facts;
    for (const SegmentBytes& segment : segments) {
        facts.push_back(TRY(look_at_segment(segment.number, segment.bytes)));
    }
    Inspection found{.log_id = log_id_of(facts)};
    if (!facts.empty() && facts.back().unborn()) {
        found.tail_bytes += segments.back().bytes.size();
        facts.pop_back();
    }
    NobodyCares nobody;
    const auto group = [&](GroupId id) -> GroupLog& {
        return found.groups.try_emplace(id, id).first->second;
    };
    Scanner scanner(
        found.log_id,
        [&](const Scanner::Found& each) {
            ++found.records;
            on_record(each);
            if (each.record.kind == RecordKind::kForget) {
                found.groups.erase(each.record.group);
            } else {
                group(each.record.group).apply(each.record, each.at, each.size, nobody);
            }
        },
        [&](const Damage& damage) {
            found.damage.push_back(damage);
            for (const SummaryLine& line : damage.lost) {
                if (line.kind == RecordKind::kForget) {
                    found.groups.erase(line.group);
                } else {
                    group(line.group).lose(line, damage.at, nobody);
                }
            }
        });
    for (std::size_t i = 0; i < facts.size(); ++i) {
        const bool last = i + 1 == facts.size();
        base::Bytes bytes = segments[i].bytes;
        trim_by_the_next(facts[i], last ? nullptr : &facts[i + 1], bytes);
        scan_segment(scanner, facts[i], i == 0 ? nullptr : &facts[i - 1], bytes, last);
        found.segments.push_back(
            {facts[i].number, last ? scanner.valid_bytes() : bytes.size(), !facts[i].header});
        if (last) {
            // Zeros stand ready for what comes next.
            const std::size_t written = bytes.find_last_not_of('\0') + 1;
            found.tail_bytes +=
                std::max(written, std::size_t{scanner.valid_bytes()}) - scanner.valid_bytes();
        }
    }
    scanner.finish();
    found.blocks = scanner.blocks();
    return found;
}

}  // namespace distkv::storage_log
