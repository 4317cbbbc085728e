// Reads a log from its bytes, segment by segment, oldest first, and tells what is whole, what is
// damaged, and where the unfinished tail begins. Pure.
//
//   * A block that is not whole, with a valid block somewhere behind it (or a later segment), is
//     damage: it had been durable. What is still whole in it counts; what is lost is named, by the
//     records' own headers and by the summary in the block behind.
//   * A block that is not whole with nothing valid behind it was never acknowledged: the tail. It
//     is cut, even if parts of it, also later ones, did reach the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "storage_log/format.h"

namespace distkv::storage_log {

struct Damage {
    Place at;
    std::uint64_t bytes = 0;
    std::vector<SummaryLine> lost;
    bool all_named = false;  // False: more may be lost than `lost` says.
};

std::string to_string(const Damage& damage);

class Scanner {
public:
    struct Found {
        Record record;
        Place at;
        std::size_t size;
    };
    using OnRecord = std::function<void(Found)>;

    // Called between the records before the damage and those behind it, after those that are whole
    // within it: the order of the log is what decides which record still counts.
    using OnDamage = std::function<void(const Damage&)>;

    Scanner(std::uint64_t log_id, OnRecord on_record, OnDamage on_damage)
        : log_id_(log_id), on_record_(std::move(on_record)), on_damage_(std::move(on_damage)) {}

    // The next segment. `bytes`: all of it, up to what the next one says; `last`: there is no later
    // one.
    void segment(std::uint64_t number, base::ByteView bytes, bool last);

    // The same for a segment that cannot be read at all.
    void lost_segment(std::uint64_t number, std::uint64_t bytes);

    // Of the last segment: where its valid blocks end, and where the last of them begins (nothing
    // when it has none).
    [[nodiscard]] std::uint64_t valid_bytes() const { return valid_bytes_; }
    [[nodiscard]] std::optional<std::uint64_t> last_block() const { return last_block_; }
    [[nodiscard]] std::uint64_t blocks() const { return blocks_; }

    // What the next block to be written has to say about the last.
    [[nodiscard]] const Summary& summary() const { return summary_; }

    // Once all segments have been seen.
    void finish() { tell_damage(); }

private:
    struct Block {
        Place at;
        BlockHeader header;
        std::vector<Found> whole;
        std::vector<SummaryLine> lost;  // By the records' own headers.
        std::size_t end = 0;            // In the segment.
        bool intact = false;
        bool names_its_losses = true;
    };

    [[nodiscard]] std::optional<Block> read_block(base::ByteView bytes, Place at) const;
    [[nodiscard]] std::size_t next_block(base::ByteView bytes, Place after) const;
    void take(Block block);
    void begin_damage(Damage damage, std::uint64_t parsed);
    void name_damage(const Summary& summary);
    void tell_damage();

    std::uint64_t log_id_;
    OnRecord on_record_;
    OnDamage on_damage_;
    std::optional<Damage> untold_;        // Waits for a summary that names it.
    std::uint64_t parsed_in_untold_ = 0;  // Records at its beginning that were told or named.
    std::uint64_t valid_bytes_ = 0;
    std::optional<std::uint64_t> last_block_;
    std::uint64_t blocks_ = 0;
    Summary summary_;
};

}  // namespace distkv::storage_log
