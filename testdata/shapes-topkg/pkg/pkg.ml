#!/usr/bin/env ocaml
#use "topfind"
#require "topkg"
open Topkg

let () =
  let opams = [ Pkg.opam_file "shapes-topkg.opam" ] in
  Pkg.describe "shapes-topkg" ~opams ~metas:[] ~readmes:[] ~licenses:[]
    ~change_logs:[]
  @@ fun _ ->
  Ok
    [
      Pkg.bin "src/first" ~dst:"topkg_first";
      Pkg.bin "src/second" ~dst:"topkg_second";
    ]
