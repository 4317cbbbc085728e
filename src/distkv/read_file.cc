#include "distkv/read_file.h"

#include <sys/stat.h>

#include <fstream>

#include "base/limits.h"

namespace distkv::distkv {

base::Result<std::string> read_config_file(const std::string& path) {
    using base::Errc;
    using base::limits::kConfigBytesMax;
    // A pipe or a device may never end, or never begin.
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) {
        return base::fail(Errc::kNotFound,
                          "cannot read " + path + "; the name of a file would be right");
    }
    std::ifstream file(path, std::ios::binary);
    std::string text(kConfigBytesMax + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (file.fail() && !file.eof())) {
        return base::fail(Errc::kNotFound,
                          "cannot read " + path + "; a file that you may read would be right");
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > kConfigBytesMax) {
        return base::fail(Errc::kInvalid, path +
                                              " is larger than 1 MiB; a file that a person "
                                              "wrote would be right");
    }
    return text;
}

}  // namespace distkv::distkv
