left_out=()
start_peers() { :; }
peer_rows() { :; }
