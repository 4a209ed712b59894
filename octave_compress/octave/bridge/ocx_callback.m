function answer = ocx_callback(number, requests, answers, info)
  % Calls the Python function NUMBER with the scalars of INFO and returns its truth value.
  names = fieldnames(info);
  text = '';
  for k = 1:numel(names)
    text = [text, sprintf(' %s=%.17g', names{k}, double(info.(names{k})))];
  end
  fflush(stdout);
  fprintf(answers, 'callback %d%s\n', number, text);
  fflush(answers);
  answer = strcmp(strtrim(fgetl(requests)), 'true');
end
