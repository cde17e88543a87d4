//! Reads problem packages in the ICPC/Kattis format.
