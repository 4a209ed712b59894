function answer = ocx_callback(number, requests, answers, varargin)
  % Calls the Python function NUMBER with the scalars of a struct and returns its truth value.
  if numel(varargin) ~= 1 || ~isstruct(varargin{1}) || ~isscalar(varargin{1})
    error('octave_compress:type', 'a Python function takes one argument, a struct of real scalars');
  end
  info = varargin{1};
  names = fieldnames(info);
  text = '';
  for k = 1:numel(names)
    value = info.(names{k});
    if ~(isnumeric(value) || islogical(value)) || ~isreal(value) || ~isscalar(value)
      kind = class(value);
      if iscomplex(value)
        kind = ['complex ', kind];
      end
      extent = sprintf('x%d', size(value));
      error('octave_compress:type', ['a Python function takes a struct of real scalars, ', ...
                                     'and its field %s is a %s of size %s'], ...
            names{k}, kind, extent(2:end));
    end
    text = [text, sprintf(' %s=%.17g', names{k}, double(value))];
  end
  fflush(stdout);
  fprintf(answers, 'callback %d%s\n', number, text);
  fflush(answers);
  answer = strcmp(strtrim(fgetl(requests)), 'true');
end
