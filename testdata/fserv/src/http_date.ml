let days = [| "Sun"; "Mon"; "Tue"; "Wed"; "Thu"; "Fri"; "Sat" |]

let months =
  [|
    "Jan"; "Feb"; "Mar"; "Apr"; "May"; "Jun";
    "Jul"; "Aug"; "Sep"; "Oct"; "Nov"; "Dec";
  |]
[@@ocamlformat "disable"]

let print seconds =
  let t = Unix.gmtime (float_of_int seconds) in
  Printf.sprintf "%s, %02d %s %04d %02d:%02d:%02d GMT" days.(t.tm_wday)
    t.tm_mday months.(t.tm_mon) (t.tm_year + 1900) t.tm_hour t.tm_min t.tm_sec

(* Days from 1970-01-01 to a day of the Gregorian calendar. Years are counted
   from March, so that a leap day is the last of its year. *)
let days_since_1970 ~year ~month ~day =
  let year = if month <= 2 then year - 1 else year in
  let month = (month + 9) mod 12 in
  (365 * year) + (year / 4) - (year / 100) + (year / 400)
  + (((153 * month) + 2) / 5)
  + day - 719469

let month_of_name name =
  let rec find i =
    if i = Array.length months then None
    else if months.(i) = name then Some (i + 1)
    else find (i + 1)
  in
  find 0

let seconds day month year hour minute second =
  match month_of_name month with
  | Some month
    when year >= 1970 && day >= 1 && day <= 31 && hour < 24 && minute < 60
         && second <= 60 ->
      let days = days_since_1970 ~year ~month ~day in
      Some ((((((days * 24) + hour) * 60) + minute) * 60) + second)
  | _ -> None

let parse s =
  try
    Scanf.sscanf s "%3s, %2u %3s %4u %2u:%2u:%2u GMT%!"
      (fun _ day month year hour minute second ->
        seconds day month year hour minute second)
  with Scanf.Scan_failure _ | Failure _ | End_of_file -> None
