function line = ocx_link(text, folder)
  % Sends a line to Python by way of a FIFO, unless it is empty, and returns the next one that comes
  % from there by another, if it is asked for.  With their folder it opens the two.
  %
  % What a user's fclose('all') has closed is opened again, under another number: the one that it
  % had may be a file of the user's by now.
  persistent inlet outlet requests answers
  if nargin > 1
    mlock();
    inlet = [folder, '/requests']; % joined once: Octave 11 would note a warning each time
    outlet = [folder, '/answers'];
    requests = builtin('fopen', inlet, 'r');
    answers = builtin('fopen', outlet, 'w');
  end
  if ~builtin('isempty', text)
    if ~builtin('strcmp', builtin('fopen', answers), outlet)
      answers = builtin('fopen', outlet, 'w');
    end
    builtin('fprintf', answers, '%s\n', text);
    builtin('fflush', answers);
  end
  if nargout == 0
    return
  end
  if ~builtin('strcmp', builtin('fopen', requests), inlet)
    requests = builtin('fopen', inlet, 'r');
  end
  line = builtin('fgetl', requests);
  % The line before it ended in a blank, which Octave had read when it looked for its end.
  if ~builtin('isempty', line) && line(1) == ' '
    line(1) = '';
  end
end
