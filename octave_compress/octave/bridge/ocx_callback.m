function answer = ocx_callback (number, fifo, info)
  % Calls the Python function NUMBER with the scalars of INFO and returns its truth value.
  names = fieldnames (info);
  text = '';
  for k = 1:numel (names)
    text = [text, sprintf(' %s=%.17g', names{k}, double (info.(names{k})))];
  end
  printf ('\n\x1eocx %d%s\n', number, text);
  fflush (stdout);
  reply = fopen (fifo, 'r');
  answer = fread (reply, 1, 'uint8') == 49;
  fclose (reply);
end
