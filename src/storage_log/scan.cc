#include "storage_log/scan.h"

#include <algorithm>
#include <utility>

namespace distkv::storage_log {
namespace {

SummaryLine line_of(const Record& record) {
    return {record.kind, record.group, record.index, record.index};
}

// Adds the lines without the first `count` records. A block may hold one index twice, so it is
// their order that tells them apart.
void add_behind(std::vector<SummaryLine>& to, const std::vector<SummaryLine>& lines,
                std::uint64_t count) {
    for (const SummaryLine& line : lines) {
        const std::uint64_t records = line.last - line.first + 1;
        if (count >= records) {
            count -= records;
            continue;
        }
        to.push_back({line.kind, line.group, line.first + count, line.last});
        count = 0;
    }
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
            auto lost = std::move(block->lost);
            const bool named = block->names_its_losses;
            const std::size_t end = std::min(block->end, next);
            const std::uint64_t parsed = block->whole.size() + lost.size();
            take(std::move(*block));
            begin_damage({at, end - offset, std::move(lost), named}, parsed);
            offset = end;
        } else {
            begin_damage({at, next - offset, {}, false}, 0);
            offset = next;
        }
        valid_bytes_ = offset;
    }
}

void Scanner::lost_segment(std::uint64_t number, std::uint64_t bytes) {
    begin_damage({{number, 0}, bytes, {}, false}, 0);
}

void Scanner::take(Block block) {
    name_damage(block.header.summary);
    ++blocks_;
    summary_ = {block.at, {}};
    for (Found& found : block.whole) {
        summarise(summary_.lines, found.record);
        on_record_(std::move(found));
    }
    valid_bytes_ = block.end;
    last_block_ = block.at.offset;
}

void Scanner::begin_damage(Damage damage, std::uint64_t parsed) {
    tell_damage();
    untold_ = std::move(damage);
    parsed_in_untold_ = parsed;
    if (untold_->all_named) {
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
        add_behind(untold_->lost, summary.lines, is_about_it ? parsed_in_untold_ : 0);
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
