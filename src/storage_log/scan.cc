#include "storage_log/scan.h"

#include <algorithm>
#include <utility>

namespace distkv::storage_log {
namespace {

SummaryLine line_of(const Record& record) {
    return {record.kind, record.group, record.index, record.index};
}

// Lines without those records; `whole` holds single records.
std::vector<SummaryLine> without(const std::vector<SummaryLine>& lines,
                                 const std::vector<SummaryLine>& whole) {
    std::vector<SummaryLine> left;
    for (const SummaryLine& line : lines) {
        SummaryLine rest = line;
        bool any = true;
        for (const SummaryLine& one : whole) {  // In the order of the log, so ascending in a line.
            if (any && one.kind == rest.kind && one.group == rest.group &&
                one.first >= rest.first && one.first <= rest.last) {
                if (one.first > rest.first) {
                    left.push_back({rest.kind, rest.group, rest.first, one.first - 1});
                }
                any = one.first < rest.last;
                rest.first = one.first + 1;
            }
        }
        if (any) {
            left.push_back(rest);
        }
    }
    return left;
}

std::string to_text(const SummaryLine& line) {
    return "group " + to_string(line.group) + ": " + std::string(name_of(line.kind)) + " " +
           std::to_string(line.first) +
           (line.last == line.first ? "" : " to " + std::to_string(line.last));
}

}  // namespace

std::string to_string(const Damage& damage) {
    std::string text = to_string(damage.at) + ", " + std::to_string(damage.bytes) + " bytes";
    for (const SummaryLine& line : damage.lost) {
        text += "; " + to_text(line);
    }
    return text + (damage.all_named ? "" : "; more may be lost");
}

std::optional<Scanner::Block> Scanner::read_block(base::ByteView bytes, Place at) const {
    auto header = parse_block(bytes.substr(at.offset), at);
    if (!header || header->log_id != log_id_) {
        return std::nullopt;
    }
    Block block{.at = at, .header = std::move(*header), .whole = {}, .lost = {}};
    block.end = std::min(bytes.size(), at.offset + block.header.size());
    std::size_t offset = at.offset + block.header.records_at;
    const std::size_t records_end = offset + block.header.records_bytes;
    for (std::uint32_t i = 0; i < block.header.records && offset < block.end; ++i) {
        const Place place{at.segment, offset};
        const base::ByteView rest =
            bytes.substr(offset, std::min(records_end, bytes.size()) - offset);
        ParsedRecord parsed = parse_record(rest, log_id_, place);
        if (parsed.state == ParsedRecord::State::kDamaged) {
            block.names_its_losses = false;  // And nobody knows where the next one begins.
            break;
        }
        if (parsed.state == ParsedRecord::State::kWhole) {
            block.whole.push_back({std::move(parsed.record), place, parsed.size});
        } else {
            block.lost.push_back(line_of(parsed.record));
        }
        offset += parsed.size;
    }
    if (block.whole.size() + block.lost.size() < block.header.records) {
        block.names_its_losses = false;
    }
    block.intact = block.whole.size() == block.header.records &&
                   at.offset + block.header.size() <= bytes.size();
    return block;
}

// The first valid block header behind, or the end.
std::size_t Scanner::next_block(base::ByteView bytes, Place after) const {
    for (std::size_t at = after.offset + kBlockAlignment; at + kBlockHeaderBytes <= bytes.size();
         at += kBlockAlignment) {
        const auto header = parse_block(bytes.substr(at), {after.segment, at});
        if (header && header->log_id == log_id_) {
            return at;
        }
    }
    return bytes.size();
}

void Scanner::segment(std::uint64_t number, base::ByteView bytes, bool last) {
    valid_bytes_ = kFirstBlockAt;
    last_block_.reset();
    std::size_t offset = kFirstBlockAt;
    while (offset < bytes.size()) {
        const Place at{number, offset};
        auto block = read_block(bytes, at);
        if (block && block->intact) {
            take(std::move(*block));
            offset = static_cast<std::size_t>(valid_bytes_);
            continue;
        }
        const std::size_t next = next_block(bytes, at);
        if (next == bytes.size() && last) {
            return;  // The tail.
        }
        if (block) {
            const auto lost = block->lost;
            const bool named = block->names_its_losses;
            const std::size_t end = block->end;
            take(std::move(*block));
            begin_damage(at, end - offset, lost, named);
            offset = std::min(end, next);
        } else {
            whole_in_damaged_.clear();
            begin_damage(at, next - offset, {}, false);
            offset = next;
        }
        valid_bytes_ = offset;
    }
}

void Scanner::lost_segment(std::uint64_t number, std::uint64_t bytes) {
    begin_damage({number, 0}, bytes, {}, false);
}

void Scanner::take(Block block) {
    name_damage(block.header.summary);
    ++blocks_;
    whole_in_damaged_.clear();
    summary_ = {block.at, {}};
    for (Found& found : block.whole) {
        const SummaryLine line = line_of(found.record);
        if (!block.intact) {
            whole_in_damaged_.push_back(line);
        }
        summarise(summary_.lines, found.record);
        on_record_(std::move(found));
    }
    valid_bytes_ = block.end;
    last_block_ = block.at.offset;
}

void Scanner::begin_damage(Place at, std::uint64_t bytes, std::vector<SummaryLine> lost,
                           bool all_named) {
    tell_damage();
    untold_ = {at, bytes, std::move(lost), all_named};
    if (all_named) {
        tell_damage();
    }
}

// The block behind a damaged one says what that one held.
void Scanner::name_damage(const Summary& summary) {
    if (!untold_) {
        return;
    }
    const bool is_about_it = summary.of == untold_->at;
    const bool is_within = summary.of.segment == untold_->at.segment &&
                           summary.of.offset > untold_->at.offset &&
                           summary.of.offset < untold_->at.offset + untold_->bytes;
    if (is_about_it || is_within) {
        untold_->lost = is_about_it ? without(summary.lines, whole_in_damaged_) : summary.lines;
        untold_->all_named = is_about_it;  // Else it is about the last of several.
    }
    tell_damage();
}

void Scanner::tell_damage() {
    if (untold_) {
        on_damage_(*std::exchange(untold_, std::nullopt));
    }
}

}  // namespace distkv::storage_log
