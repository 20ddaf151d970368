// By itself, since only tests have a folder for such files.
#include "tests/support/certificates.h"
#include "tests/support/process.h"

namespace frontdesk::testing_support {

std::string Issued::WriteCert() const { return WriteTempFile("cert.pem", cert_pem); }
std::string Issued::WriteKey() const { return WriteTempFile("key.pem", key_pem); }
std::string Authority::WritePem() const { return WriteTempFile("ca.pem", pem_); }

}  // namespace frontdesk::testing_support
