function line = ocx_link(action, text)
  % The FIFOs to and from Python: 'open' takes their folder, 'send' a line, 'receive' returns one.
  %
  % What a user's fclose('all') has closed is opened again, under another number: the one that it
  % had may be a file of the user's by now.
  persistent inlet outlet requests answers
  switch action
    case 'open'
      mlock();
      inlet = [text, '/requests'];
      outlet = [text, '/answers'];
      requests = answers = -1;
    case 'send'
      answers = opened(answers, outlet, 'w');
      builtin('fprintf', answers, '%s\n', text);
      builtin('fflush', answers);
    case 'receive'
      requests = opened(requests, inlet, 'r');
      line = builtin('fgetl', requests);
      % The line before it ended in a blank, which Octave had read when it looked for its end.
      if ~builtin('isempty', line) && line(1) == ' '
        line(1) = '';
      end
  end
end

function file = opened(file, path, mode)
  if file < 0 || ~builtin('strcmp', builtin('fopen', file), path)
    file = builtin('fopen', path, mode);
  end
end
