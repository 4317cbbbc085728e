// A simulated disk that keeps its promises to the letter and no further: what was not synced may be
// there after a crash, or not, or in part; a name whose directory was not synced may be gone.
//
// DiskImage is the device and survives its node; Disk and its Files are what one running reactor
// sees of it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/stage.h"
#include "world/disk.h"
#include "world/world.h"

namespace distkv::sim {

class DiskImage {
public:
    explicit DiskImage(Stage& stage, base::NodeId node) : stage_(stage), node_(node) {}

    // The power fails: decides the fate of everything that was not synced.
    void crash();

    void set_full(bool full) { full_ = full; }

    // Called once, when the next write has begun: crashes are worth most in the middle of one.
    void on_next_write(std::function<void()> act) { on_next_write_ = std::move(act); }

    // Flips one bit of one file at rest. False when there is no file with content.
    bool flip_bit();

    [[nodiscard]] base::NodeId node() const { return node_; }
    [[nodiscard]] std::uint64_t bits_flipped() const { return bits_flipped_; }

private:
    friend class Disk;
    friend class SimFile;

    struct Write {  // A truncation when it has no data.
        std::uint64_t offset = 0;
        base::Bytes data;
        bool truncate = false;
    };
    struct Inode {
        base::Bytes content;  // What readers see.
        base::Bytes durable;  // What is safe.
        std::deque<Write> unsynced;
        std::uint64_t synced = 0;  // Writes before the first of `unsynced`, ever.
    };
    using InodeRef = std::shared_ptr<Inode>;  // A file may be open after its name is gone.
    struct NameChange {
        std::uint64_t number = 0;  // Of all changes of names, ever.
        std::string path;
        InodeRef now;              // None: removed.
        std::string renamed_from;  // Empty: not renamed.
    };

    static void apply(base::Bytes& content, const Write& write);
    void change(Inode& inode, Write write);
    enum class Fate : std::uint8_t { kKept, kLost, kTorn };
    Fate settle(Inode& inode);
    void settle_after_crash(Inode& inode);
    void settle_after_failed_sync(Inode& inode, std::uint64_t until);
    void change_name(const std::string& path, InodeRef inode, std::string renamed_from = {});
    void apply(const NameChange& change);
    void sync_names(const std::string& directory, std::uint64_t until);

    Stage& stage_;
    base::NodeId node_;
    std::map<std::string, InodeRef> names_;
    std::map<std::string, InodeRef> durable_names_;
    std::vector<NameChange> unsynced_names_;  // In order, like the journal of a file system.
    std::uint64_t name_changes_ = 0;          // Ever.
    bool full_ = false;
    std::uint64_t bits_flipped_ = 0;
    std::function<void()> on_next_write_;
};

class Disk : public world::Disk {
public:
    Disk(DiskImage& image, world::World& world) : image_(image), world_(world) {}

    world::Task<base::Result<std::unique_ptr<world::File>>> open(std::string path,
                                                                 world::OpenMode mode) override;
    world::Task<base::Result<void>> remove(std::string path) override;
    world::Task<base::Result<void>> rename(std::string from, std::string to) override;
    world::Task<base::Result<void>> sync_directory(std::string directory) override;
    world::Task<base::Result<std::vector<std::string>>> list(std::string directory) override;

private:
    friend class SimFile;

    // How long an operation takes; draws slowness.
    [[nodiscard]] world::World::Sleep latency(time::Duration usual);
    void done(std::string_view what);

    DiskImage& image_;
    world::World& world_;
};

}  // namespace distkv::sim
