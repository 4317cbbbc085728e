// A whole state as a file on the way from one node to another.
#pragma once

#include <memory>
#include <string>

#include "shard/machine.h"
#include "world/disk.h"

namespace distkv::shard {

class FileSink : public Sink {
public:
    explicit FileSink(world::File& file) : file_(file) {}

    world::Task<base::Result<void>> write(base::Bytes piece) override;

    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] std::uint32_t crc() const { return crc_; }

private:
    world::File& file_;
    std::uint64_t size_ = 0;
    std::uint32_t crc_ = 0;
};

class FileSource : public Source {
public:
    FileSource(world::File& file, std::uint64_t size) : file_(file), size_(size) {}

    world::Task<base::Result<base::Bytes>> read(std::size_t bytes_max) override;

private:
    world::File& file_;
    std::uint64_t size_;
    std::uint64_t at_ = 0;
};

// kCorrupt unless the file's first `size` bytes have this checksum.
world::Task<base::Result<void>> verify(world::File& file, std::uint64_t size, std::uint32_t crc);

}  // namespace distkv::shard
