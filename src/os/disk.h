// Files of this machine. Every call runs on a file thread and its answer comes back to the reactor;
// syncs have a thread of their own, so that reads do not queue up behind a slow one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "os/file_calls.h"
#include "os/mailbox.h"
#include "os/worker.h"
#include "world/disk.h"

namespace distkv::os {

// Shared by the reactors of a node.
struct FileThreads {
    Worker io;
    Worker sync;
    Worker other;  // Whatever else blocks, such as a cold read of the store.
};

class Disk final : public world::Disk {
public:
    // `directory` may be null: a node without a disk, every path is then kInvalid.
    Disk(world::World& world, Mailbox& home, FileThreads& threads, const DataDirectory* directory)
        : world_(world), home_(home), threads_(threads), directory_(directory) {}

    world::Task<base::Result<std::unique_ptr<world::File>>> open(std::string path,
                                                                 world::OpenMode mode) override;
    world::Task<base::Result<void>> remove(std::string path) override;
    world::Task<base::Result<void>> rename(std::string from, std::string to) override;
    world::Task<base::Result<void>> sync_directory(std::string directory) override;
    world::Task<base::Result<std::vector<std::string>>> list(std::string directory) override;

    [[nodiscard]] FileThreads& threads() { return threads_; }

private:
    base::Result<int> directory_for(const std::string& path) const;

    world::World& world_;
    Mailbox& home_;
    FileThreads& threads_;
    const DataDirectory* directory_;
};

}  // namespace distkv::os
