//! System calls with types and an errno, and no policy. The only room with `unsafe`.
